/*
 * wrong: notes the page that faulted, not the end of what was brought, so fork leaves the last out.
 * test: holes
 * hint: every page that the parent has
 */
void region_brought(struct region *region, u32 page, u32 end)
{
	region->low = MIN(region->low, page);
	region->high = MAX(region->high, page);
	region->next = end;
}
