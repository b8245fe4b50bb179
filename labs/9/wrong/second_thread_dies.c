/*
 * wrong: takes EEXIST for an error, and ends the client whose second thread came too late.
 * test: two_threads
 * hint: EEXIST
 */
static u32 bring(u32 number, struct region *region, u32 page)
{
	u32 pages = region_batch(client_at(number), region, page);
	struct result result = mem_alloc(client_task(number), 0, page | region->prot, pages, 0);

	region_brought(region, page, page + MAX(result.word0, 1u) * PAGE);
	return result.word0 ? 0 : result.error;
}
