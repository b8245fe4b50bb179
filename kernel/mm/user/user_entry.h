/*
 * Private to this folder: single entries of user frames.  maps_lock is held for what changes an
 * entry, maps_lock or the page_table_lock for what looks at one.
 */
#ifndef MM_USER_ENTRY_H
#define MM_USER_ENTRY_H

#include "mm/boot/ram_layout.h"
#include "mm/user/frames.h"

/* Bits of the entry for PROT_*. */
static inline pteval_t user_entry_flags(u32 prot)
{
	pteval_t flags = _PAGE_PRESENT | _PAGE_USER;

	if (prot & PROT_WRITE)
		flags |= _PAGE_RW;
	if (!(prot & PROT_EXEC))
		flags |= pte_nx_bit;
	return flags;
}
/* The frame with an owner that an entry maps, or NULL. */
static inline struct page *user_frame_of(pte_t pte)
{
	struct page *page;

	if (!pte_present(pte) || pte_pfn(pte) >= max_pfn)
		return NULL;
	page = pfn_to_page(pte_pfn(pte));
	return (page->flags & PG_USER) ? page : NULL;
}
/* The same of the entry at `address`. */
struct page *user_frame_at(struct mm *mm, uintptr_t address);
/* The same, if the entry allows PROT_WRITE where `prot` has it. */
struct page *user_frame_with(struct mm *mm, uintptr_t address, u32 prot);
/* Fills an entry that is none, and whose tables stand. */
void user_entry_set(struct mm *mm, uintptr_t address, const struct page *page, u32 prot);
/* Clears an entry that is there; its record stays. */
void user_entry_clear(struct mm *mm, uintptr_t address);
/* Changes the rights of an entry that is there, and of its record.  Taken rights need a flush. */
void user_entry_protect(struct mm *mm, uintptr_t address, struct mapping *record, u32 prot);

#endif
