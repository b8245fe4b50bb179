/* Poisoning of freed pages, in builds that have it (POISON=1). */
#include "mm/hooks/poison.h"
#include "mm/pages/page_alloc.h"

#ifdef CONFIG_POISON

#include "mm/pkmap/highmem.h"
#include "tests/kernel/selftest.h"

#define POISON_WORD (POISON_BYTE * 0x01010101u)

/* Writes a word of the page, whoever's it is; returns what was there. */
static u32 exchange_word(struct page *page, u32 offset, u32 value)
{
	u32 *address = kmap_atomic(page), *word = address + offset / 4, former = *word;

	*word = value;
	kunmap_atomic(address);
	return former;
}

static void alloc_into(void *page) { *(struct page **)page = alloc_page(__GFP_HIGHMEM); }

SELFTEST(poison_filled, "poison.filled", 6, "51")
{
	struct page *page = alloc_page(__GFP_HIGHMEM), *again;

	if (!EXPECT(0, page != NULL, "a page"))
		return;
	exchange_word(page, 0x800, 0x600D600D);
	free_page(page);
	EXPECT_EQ(51, exchange_word(page, 0x800, POISON_WORD), POISON_WORD,
		"a word of freed frame 0x%x", page_to_pfn(page));
	EXPECT(51, page->flags & PG_POISONED, "flags 0x%x of freed frame 0x%x", page->flags,
		page_to_pfn(page));
	again = alloc_page(__GFP_HIGHMEM);
	EXPECT_EQ(0, page_to_pfn(again), page_to_pfn(page),
		"the frame freed last is handed out first");
	EXPECT(51, !(again->flags & PG_POISONED), "flags 0x%x of a page in use", again->flags);
	free_page(again);
}

/* The CPU's own list is LIFO: the damaged page is the one that the next request gets. */
SELFTEST(poison_written_after_free, "poison.written_after_free", 6, "51")
{
	struct page *page = alloc_page(__GFP_HIGHMEM), *got = NULL;

	if (!EXPECT(0, page != NULL, "a page"))
		return;
	free_page(page);
	exchange_word(page, 0xFFC, 0);
	EXPECT(51, selftest_panics(alloc_into, &got, 51),
		"handing out frame 0x%x, written after it was freed", page_to_pfn(page));
	exchange_word(page, 0xFFC, POISON_WORD);

	/*
	 * The request that panicked had taken the page from the list: it is nobody's, and goes back
	 * from here.
	 */
	if (got == NULL) {
		page->order = 0;
		atomic_set(&page->count, 1);
	}
	free_page(page);
}

#endif
