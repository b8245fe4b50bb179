/* Private to this folder: how a slot loses its page.  The order of the two stores is free. */
#ifndef MM_PKMAP_UNMAP_H
#define MM_PKMAP_UNMAP_H

#include "arch/x86/hooks/tlb_shadow.h"
#include "mm/pkmap/pkmap.h"

/* Clears the entry of a slot without users, and its owner's address.  The count is the caller's. */
static inline void pkmap_unmap(u32 slot, pte_t *entry)
{
	struct page *owner = pfn_to_page(pte_pfn(*entry));

	owner->virtual = 0;
	pte_clear(entry);
	shadow_unmapped(PKMAP_ADDR(slot));
}

#endif
