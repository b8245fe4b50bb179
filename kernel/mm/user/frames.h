/*
 * Owners and mappings of user frames.
 *
 * A frame with PG_USER has one owner, an address space whose account is charged for it, and a list
 * of records, one for each entry that maps it.  Each entry counts as one user of the page.  If the
 * owner's mapping goes, the frame passes to the address space of its oldest other mapping, which is
 * charged even beyond its limit; without another mapping it is freed.
 *
 * A record says what the entry allows, because a CPU without NX has no bit for "no execute".  No
 * mapping allows both write and execute, and a right is added to a mapping only while it is the
 * frame's only one: so no frame is writable in one place and executable in another.
 *
 * All of it is guarded by maps_lock, a plain lock that comes before every page_table_lock: who has
 * it finds entries with a record unchanged, but for the bits that the CPU sets.
 */
#ifndef MM_FRAMES_H
#define MM_FRAMES_H

#include "arch/x86/cpu/spinlock.h"
#include "lib/abi/abi.h"
#include "lib/assert.h"
#include "mm/pages/page.h"
#include "mm/tables/address_space.h"

/* Aligned as in its object cache: its size, which is charged, is what it takes, 16 bytes. */
struct mapping {
	struct mm *mm;
	u32 place;            /* page-aligned address | PROT_* */
	struct mapping *next; /* older */
} __aligned(8);

/* Mappings of one frame. */
#define FRAME_MAPPINGS_MAX 1024u
/* Records looked at in one hold of maps_lock. */
#define RECORDS_A_HOLD 4096u

extern struct spinlock maps_lock;

void frames_init(void);

/*
 * A record, charged to the address space's account.  NULL with *error: -EQUOTA, -ENOMEM.  May
 * sleep.
 */
struct mapping *mapping_alloc(struct mm *mm, int *error);
void mapping_free(struct mm *mm, struct mapping *record);
/*
 * The same of up to `n`, at most RECORDS_AT_ONCE.  How many there are: 1 or more, or 0 with *error.
 */
#define RECORDS_AT_ONCE 64u
u32 mapping_alloc_many(struct mm *mm, struct mapping **records, u32 n, int *error);
void mapping_free_many(struct mm *mm, struct mapping *const *records, u32 n);

/* All below: maps_lock held. */

/* A frame that nobody maps gets its owner, who has been charged for it. */
void frame_begin(struct page *page, struct mm *owner);
/* The same undone, if it could not be mapped; the charge stays. */
void frame_never_mapped(struct page *page);
/* Enters `record`, which belongs to mm, for the entry at `address`. */
static inline void frame_map(struct page *page, struct mapping *record, uintptr_t address, u32 prot)
{
	INVARIANT(53, (prot & (PROT_WRITE | PROT_EXEC)) != (PROT_WRITE | PROT_EXEC),
		"frame 0x%x is mapped at %x for writing and execution", page_to_pfn(page),
		(u32)address);
	record->place = (u32)address | prot;
	record->next = page->mappings;
	page->mappings = record;
}
static inline bool mapping_is_at(
	const struct mapping *record, const struct mm *mm, uintptr_t address)
{
	return record->mm == mm && (record->place & PAGE_MASK) == address;
}
/* The record of the entry at `address`, which is there; counts those that it passes in *steps. */
struct mapping *frame_find_mapping(
	const struct page *page, const struct mm *mm, uintptr_t address, u32 *steps);
static inline struct mapping *frame_mapping(
	const struct page *page, const struct mm *mm, uintptr_t address, u32 *steps)
{
	if (!mapping_is_at(page->mappings, mm, address))
		return frame_find_mapping(page, mm, address, steps);
	++*steps;
	return page->mappings;
}
static inline bool frame_mapped_once(const struct page *page) { return !page->mappings->next; }
/*
 * The entry at `address` has been cleared: takes its record out, for mapping_free(), and passes the
 * frame on, or makes it nobody's.
 */
struct mapping *frame_unmap(struct page *page, struct mm *mm, uintptr_t address);
/* Ownership goes to `to`, which has been charged; the former owner gets its charge back. */
void frame_give(struct page *page, struct mm *to);

#endif
