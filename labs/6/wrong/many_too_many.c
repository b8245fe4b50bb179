/*
 * wrong: looks for a kunmap too many in kunmap_high alone: kunmap_many takes the slot of others.
 * test: wrong_use
 * hint: a kunmap too many
 */
void pkmap_drop(struct page *page)
{
	u32 slot = PKMAP_NR(page->virtual);

	if (--pkmap_count[slot] > 1)
		return;
	pkmap_in_use--;
	if (unlikely(!list_empty(&pkmap_tickets)))
		pkmap_wake_first();
}
