/*
 * wrong: a sweep's batch may be as long as the region has room, beyond the heap's end.
 * test: sweep
 * hint: a batch ends where the heap does
 */
u32 region_batch(const struct client *client, struct region *region, u32 page)
{
	(void)client;
	if (region->kind != REGION_HEAP)
		return 1;
	region->batch = page == region->next ? MIN(region->batch * 2, BATCH_MAX) : 1;
	return MIN(region->batch, (region->end - page) / PAGE);
}
