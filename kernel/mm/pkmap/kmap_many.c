/* Several slots at once, and kmap that does not wait: see kmap_many.h. */
#include "mm/pkmap/kmap_many.h"

#include "lib/errno.h"
#include "mm/hooks/kmap_held.h"
#include "mm/pkmap/kmap_wait.h"
#include "mm/pkmap/pkmap.h"

/* Gives back the uses of the first n. */
static void drop_all(struct page *const *pages, u32 n)
{
	for (u32 i = 0; i < n; i++)
		if (page_is_high(pages[i]))
			pkmap_drop(pages[i]);
}

/* All or none.  A page that comes twice, or that others have mapped, takes no slot of its own. */
static bool use_all(struct page *const *pages, u32 n)
{
	for (u32 i = 0; i < n; i++)
		if (page_is_high(pages[i]) && !pkmap_use(pages[i])) {
			drop_all(pages, i);
			return false;
		}
	return true;
}

void *kmap_try(struct page *page)
{
	uintptr_t address;

	might_sleep("kmap_try", CALLER());
	if (!page_is_high(page))
		return lowmem_page_address(page);
	spin_lock(&kmap_lock);
	kmap_stats.maps++;
	address = pkmap_use(page) ? page->virtual : 0;
	spin_unlock(&kmap_lock);
	if (address)
		kmap_held_add(1);
	return (void *)address;
}

static u32 count_high(struct page *const *pages, u32 n)
{
	u32 high = 0;

	for (u32 i = 0; i < n; i++)
		high += page_is_high(pages[i]);
	return high;
}

int kmap_many(struct page *const *pages, u32 n)
{
	u32 high = count_high(pages, n);

	might_sleep("kmap_many", CALLER());
	if (high > pkmap_slots)
		return -E2BIG;
	if (!high)
		return 0;
	kmap_held_check(CALLER());
	spin_lock(&kmap_lock);
	kmap_stats.maps += high;
	if (!list_empty(&pkmap_tickets) || !use_all(pages, n))
		pkmap_wait_in_line(use_all, pages, n);
	spin_unlock(&kmap_lock);
	kmap_held_add((int)high);
	return 0;
}

void kunmap_many(struct page *const *pages, u32 n)
{
	might_sleep("kunmap_many", CALLER());
	spin_lock(&kmap_lock);
	drop_all(pages, n);
	spin_unlock(&kmap_lock);
	kmap_held_add(-(int)count_high(pages, n));
}
