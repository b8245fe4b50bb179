/*
 * wrong: gives every request pages of its own.
 * test: small_share
 * hint: where the last one ended
 */
static phys_t place_in_partial_page(size_t size, size_t align, phys_t goal)
{
	(void)size;
	(void)align;
	(void)goal;
	return NO_PLACE;
}
