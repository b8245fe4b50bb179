/*
 * wrong: shared regions are treated as private ones, and the two sides part at the first write.
 * test: together
 * hint: same pages of a SHARED region
 */
static enum span_kind kind_of(const struct region *region)
{
	return region->kind == REGION_STACK && region->high - region->low <= SMALL ? SPAN_COPIED
										   : SPAN_PRIVATE;
}
