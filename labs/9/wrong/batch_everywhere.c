/*
 * wrong: brings sixteen pages with every fault, since neighbours will be wanted too.
 * test: zero
 * hint: one touch brings one page
 */
u32 region_batch(const struct client *client, struct region *region, u32 page)
{
	u32 end = region->kind == REGION_HEAP ? ALIGN_UP(client->heap_end, PAGE) : region->end;

	return MIN(BATCH_MAX, (end - page) / PAGE);
}
