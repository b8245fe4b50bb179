/*
 * wrong: takes the next block for the buddy, also of a block that is the upper one of its pair.
 * test: aligned
 * hint: multiple of its size
 */
static struct page *buddy_of(const struct page *page, u32 order)
{
	return pfn_to_page(page_to_pfn(page) + (1u << order));
}
