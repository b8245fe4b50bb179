/*
 * A freed page leaves no alias: the slot that it still owns, at 1, loses its entry and its owner at
 * once (invariant 22).  Its old translation may live on in TLBs, so it is RETIRED until the next
 * flush, and nobody touches that address meanwhile.
 */
#include "arch/x86/cpu/irq_flags.h"
#include "lib/assert.h"
#include "mm/pkmap/pkmap.h"

static void retire_slot(u32 slot)
{
	if (pkmap_lazy)
		lazy_slot_revived(slot);
	pkmap_unmap(slot);
	pkmap_count[slot] = PKMAP_RETIRED;
	if (pkmap_lazy)
		lazy_slot_retired(slot);
}

void pkmap_retire(struct page *page)
{
	INVARIANT(22, irqs_enabled(),
		"frame %x, which has a PKMap slot, is freed with interrupts off",
		page_to_pfn(page));
	spin_lock(&kmap_lock);
	/* A flush may have come first. */
	if (page->virtual) {
		u32 slot = PKMAP_NR(page->virtual);

		INVARIANT(22, pkmap_count[slot] == 1,
			"frame %x is freed while it is mapped by kmap, count %d", page_to_pfn(page),
			pkmap_count[slot]);
		retire_slot(slot);
	}
	spin_unlock(&kmap_lock);
}

void pkmap_retire_block(struct page *page, u32 order)
{
	if (likely(!pkmap_owned[page_to_pfn(page) >> MAX_ORDER]))
		return;
	for (u32 i = 0; i < 1u << order; i++)
		if (page[i].virtual)
			pkmap_retire(page + i);
}
