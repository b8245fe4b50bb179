/*
 * Poisoning, in builds with POISON=1: a freed page is filled with the int3 instruction, which stops
 * whoever jumps there, and looked at when it is handed out again: another byte means that somebody
 * wrote to it after it was freed.  Pages that came from the hand-over and were never freed carry no
 * mark and are not looked at.
 */
#include "mm/hooks/poison.h"

#include "arch/x86/paging/page_ops.h"
#include "lib/assert.h"
#include "mm/pkmap/kmap_atomic.h"

#define POISON_WORD (POISON_BYTE * 0x01010101u)

static void fill_page(struct page *page)
{
	void *address = kmap_atomic(page);

	fill_page_at(address, POISON_WORD);
	kunmap_atomic(address);
	page->flags |= PG_POISONED;
}

static void check_page(struct page *page)
{
	u32 *word = kmap_atomic(page);

	for (u32 i = 0; i < PAGE_SIZE / sizeof(*word); i++) {
		u32 found = word[i];

		if (likely(found == POISON_WORD))
			continue;
		kunmap_atomic(word);
		panic_at(PANIC_SITE(51),
			"frame 0x%x was written after it was freed: 0x%08x at offset 0x%03x",
			page_to_pfn(page), found, i * (u32)sizeof(*word));
	}
	kunmap_atomic(word);
	page->flags &= ~PG_POISONED;
}

void poison_fill(struct page *page, u32 order)
{
	for (u32 i = 0; i < 1u << order; i++)
		fill_page(page + i);
}

void poison_check(struct page *page, u32 order)
{
	for (u32 i = 0; i < 1u << order; i++)
		if (page[i].flags & PG_POISONED)
			check_page(page + i);
}
