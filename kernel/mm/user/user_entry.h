/*
 * Private to this folder: single entries of user frames.  maps_lock is held for what changes an
 * entry, maps_lock or the page_table_lock for what looks at one.
 */
#ifndef MM_USER_ENTRY_H
#define MM_USER_ENTRY_H

#include "mm/user/frames.h"

/* Bits of the entry for PROT_*. */
pteval_t user_entry_flags(u32 prot);
/* The frame with an owner that is mapped at `address`, or NULL. */
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
