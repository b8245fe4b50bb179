/* Private to this folder: how a slot loses its page. */
#ifndef MM_PKMAP_UNMAP_H
#define MM_PKMAP_UNMAP_H

#include "arch/x86/hooks/tlb_shadow.h"
#include "lib/assert.h"
#include "mm/pkmap/pkmap.h"

/* Clears the entry of a slot without users, and its owner's address.  The count is the caller's. */
static inline void pkmap_unmap(u32 slot, pte_t *entry)
{
	pfn_t pfn = pte_pfn(*entry);

	INVARIANT(2, pte_present(*entry), "slot %u at %d has no entry", slot, pkmap_count[slot]);
	pte_clear(entry);
	pfn_to_page(pfn)->virtual = 0;
	shadow_unmapped(PKMAP_ADDR(slot));
}

#endif
