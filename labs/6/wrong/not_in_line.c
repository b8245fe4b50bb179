/*
 * wrong: takes a free slot though others wait: they may wait for ever.
 * test: waiter
 * hint: come first
 */
void *kmap_high(struct page *page)
{
	uintptr_t address;

	kmap_held_check(CALLER());
	spin_lock(&kmap_lock);
	kmap_stats.maps++;
	if (page->virtual)
		use_slot(PKMAP_NR(page->virtual));
	else if (!map_new_virtual(page))
		wait_and_use(page);
	address = page->virtual;
	spin_unlock(&kmap_lock);
	kmap_held_add(1);
	return (void *)address;
}
