/*
 * wrong: forgets where the next fault of a sweep would be, so each fault brings one page.
 * test: sweep
 * hint: just behind what the last one brought
 */
void region_brought(struct region *region, u32 page, u32 end)
{
	region->low = MIN(region->low, page);
	region->high = MAX(region->high, end);
}
