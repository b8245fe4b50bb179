/*
 * wrong: gives every kmap a slot of its own, although the page has one; the first is lost.
 * test: same_page
 * hint: same address
 */
void *kmap_high(struct page *page)
{
	uintptr_t address;

	kmap_held_check(CALLER());
	spin_lock(&kmap_lock);
	kmap_stats.maps++;
	if (!map_new_virtual(page))
		wait_and_use(page);
	address = page->virtual;
	spin_unlock(&kmap_lock);
	kmap_held_add(1);
	return (void *)address;
}
