/*
 * wrong: remembers the last pages and their addresses, and looks there first, without the lock:
 *   nobody tells it that a slot was taken back since.
 * test: still_right
 * hint: the entry of the slot
 */
#define CACHED 64u

static struct page *cached_page[CACHED];
static uintptr_t cached_address[CACHED];

void *kmap_high(struct page *page)
{
	u32 place = page_to_pfn(page) % CACHED;

	if (cached_page[place] == page) {
		use_slot(PKMAP_NR(cached_address[place]));
		return (void *)cached_address[place];
	}
	spin_lock(&kmap_lock);
	kmap_stats.maps++;
	if (page->virtual)
		use_slot(PKMAP_NR(page->virtual));
	else if (unlikely(!list_empty(&pkmap_tickets)) || !map_new_virtual(page))
		wait_and_use(page);
	cached_page[place] = page;
	cached_address[place] = page->virtual;
	spin_unlock(&kmap_lock);
	return (void *)page->virtual;
}
