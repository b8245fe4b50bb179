/*
 * wrong: looks at the right to write, and not at the right to execute.
 * test: deaths
 * hint: FAULT_FETCH
 */
enum verdict client_judge(const struct region *region, u32 label)
{
	if (!region || (FAULT_WRITE(label) && !(region->prot & PROT_WRITE)))
		return FAULT_DEATH;
	if (!FAULT_PRESENT(label))
		return FAULT_BRING;
	return FAULT_WRITE(label) ? FAULT_COPY : FAULT_AGAIN;
}
