/*
 * wrong: counts users from 1, so a slot with one user looks like one without, and is taken back.
 * test: wrap
 * hint: in use
 */
static void map_slot(u32 slot, struct page *page)
{
	set_pte(pkmap_pte(slot), pfn_pte(page_to_pfn(page), kmap_prot));
	pkmap_count[slot] = 1;
	pkmap_in_use++;
	page->virtual = PKMAP_ADDR(slot);
	kmap_stats.new_maps++;
}

static void use_slot(u32 slot)
{
	if (!pkmap_count[slot]++)
		pkmap_in_use++;
	kmap_stats.revivals++;
}

static void drop_slot(u32 slot, const struct page *page)
{
	(void)page;
	if (--pkmap_count[slot] > 0)
		return;
	pkmap_count[slot] = 1;
	pkmap_in_use--;
	if (unlikely(!list_empty(&pkmap_tickets)))
		pkmap_wake_first();
}
