/* Slots of freed pages: see pkmap_retire.h. */
#include "mm/pkmap/pkmap_retire.h"

#include "arch/x86/cpu/irq_flags.h"
#include "lib/assert.h"
#include "mm/pkmap/pkmap.h"
#include "mm/pkmap/pkmap_unmap.h"

/* 1 -> RETIRED. */
static void retire_slot(u32 slot)
{
	pkmap_unmap(slot, pkmap_pte(slot));
	pkmap_count[slot] = PKMAP_RETIRED;
	if (pkmap_policy.slot_retired)
		pkmap_policy.slot_retired(slot);
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
	const struct page *end = page + (1u << order);

	for (; page < end; page++)
		if (unlikely(page->virtual))
			pkmap_retire(page);
}
