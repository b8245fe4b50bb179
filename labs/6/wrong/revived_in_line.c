/*
 * wrong: lets a page whose slot is at 1 wait behind the others, though none of them can have it.
 * test: waiter
 * hint: only a page without a slot
 */
void *kmap_high(struct page *page)
{
	uintptr_t address;

	kmap_held_check(CALLER());
	spin_lock(&kmap_lock);
	kmap_stats.maps++;
	if (page->virtual &&
		(list_empty(&pkmap_tickets) || pkmap_count[PKMAP_NR(page->virtual)] > 1))
		use_slot(PKMAP_NR(page->virtual));
	else if (unlikely(!list_empty(&pkmap_tickets)) || !map_new_virtual(page))
		wait_and_use(page);
	address = page->virtual;
	spin_unlock(&kmap_lock);
	kmap_held_add(1);
	return (void *)address;
}
