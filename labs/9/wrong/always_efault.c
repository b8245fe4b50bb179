/*
 * wrong: whatever goes wrong is told as EFAULT.
 * test: quota
 * hint: is what memory_fault reports
 */
static u32 bring(u32 number, struct region *region, u32 page)
{
	u32 pages = region_batch(client_at(number), region, page);
	struct result result = mem_alloc(client_task(number), 0, page | region->prot, pages, 0);

	region_brought(region, page, page + MAX(result.word0, 1u) * PAGE);
	return result.word0 || result.error == EEXIST ? 0 : EFAULT;
}
