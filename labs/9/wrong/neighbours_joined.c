/*
 * wrong: joins ranges that lie near one another, whatever is to become of them.
 * test: together
 * hint: SHARED region
 */
static bool goes_with(const struct span *span, const struct region *region)
{
	return region->low - span->end < NEAR;
}
