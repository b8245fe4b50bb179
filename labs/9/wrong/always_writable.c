/*
 * wrong: a page gets the right to write by the access that brings it, not by its region.
 * test: rights
 * hint: region's rights, whatever the access
 */
static u32 bring(u32 number, struct region *region, u32 page)
{
	u32 prot = PROT_READ | PROT_WRITE;
	struct result result = mem_alloc(client_task(number), 0, page | prot, 1, 0);

	region_brought(region, page, page + PAGE);
	return result.word0 || result.error == EEXIST ? 0 : result.error;
}
