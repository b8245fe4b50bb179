/*
 * wrong: clears the entry and forgets page->virtual, so the next kmap of the page revives a slot
 *   that belongs to another page.
 * test: unmapped
 * hint: virtual
 */
static inline void pkmap_unmap(u32 slot, pte_t *entry)
{
	pte_clear(entry);
	shadow_unmapped(PKMAP_ADDR(slot));
}
