/*
 * wrong: looks for a slot of a low page too, which has none, instead of its direct address.
 * test: address
 * hint: direct
 */
uintptr_t page_address(const struct page *page) { return page->virtual; }
