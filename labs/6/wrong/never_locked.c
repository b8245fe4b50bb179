/*
 * wrong: counts and entries are changed without kmap_lock: on one CPU it seems to be of no use.
 * test: locked
 * hint: take it first
 */
void *kmap_high(struct page *page)
{
	uintptr_t address;

	kmap_held_check(CALLER());
	kmap_stats.maps++;
	if (page->virtual)
		use_slot(PKMAP_NR(page->virtual));
	else if (unlikely(!list_empty(&pkmap_tickets)) || !map_new_virtual(page))
		wait_and_use(page); /* behind the threads that wait already */
	address = page->virtual;
	kmap_held_add(1);
	return (void *)address;
}

void kunmap_high(struct page *page)
{
	INVARIANT(5, page->virtual, "kunmap of frame %x, which is not mapped", page_to_pfn(page));
	drop_slot(PKMAP_NR(page->virtual), page);
	kmap_held_add(-1);
}
