/*
 * wrong: a write to a page that is there is always copy-on-write, whatever the region allows.
 * test: deaths
 * hint: without the region's right
 */
enum verdict client_judge(const struct region *region, u32 label)
{
	if (!region)
		return FAULT_DEATH;
	if (!FAULT_PRESENT(label))
		return FAULT_WRITE(label) && !(region->prot & PROT_WRITE) ? FAULT_DEATH
									  : FAULT_BRING;
	return FAULT_WRITE(label) ? FAULT_COPY : FAULT_AGAIN;
}
