/*
 * wrong: shares the last page only with what fits into its rest as a whole.
 * test: small_share
 * hint: ends on the free pages behind it
 */
static phys_t place_in_partial_page(size_t size, size_t align, phys_t goal)
{
	phys_t start = ALIGN_UP(last_end, align);

	if (start < goal || start + size > ALIGN_UP(last_end, PAGE_SIZE))
		return NO_PLACE;
	return start;
}
