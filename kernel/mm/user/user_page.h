/*
 * Private to this folder: one page brought into an address space, be it new or another place's.
 *
 * Errors are those of user_map.h.
 */
#ifndef MM_USER_PAGE_H
#define MM_USER_PAGE_H

#include "mm/user/frames.h"
#include "mm/user/user_map.h"

/* The address of a range's page i. */
static inline uintptr_t at(const struct range *range, u32 i)
{
	return range->address + i * PAGE_SIZE;
}

/*
 * Places a page of the caller's, with one user, for which the account has been charged; after an
 * error both are gone.  With `replace` it takes the place of what is mapped there, in one hold of
 * maps_lock, so that nobody finds the place empty.  May sleep.
 */
int user_place_page(struct mm *mm, uintptr_t address, struct page *page, u32 prot, bool replace);

/* The entry that was looked at last, in one hold of maps_lock: the next one stands behind it. */
struct sweep {
	pte_t *pte;
	uintptr_t address;
};

/* The entry for `address`; NULL: no table stands there. */
static inline pte_t *sweep_to(struct sweep *sweep, struct mm *mm, uintptr_t address)
{
	bool next = sweep->pte && address == sweep->address + PAGE_SIZE && address % PMD_SIZE;

	sweep->pte = next ? sweep->pte + 1 : mm_pte(mm, address);
	sweep->address = address;
	return sweep->pte;
}

/* A frame where it is mapped. */
struct source {
	struct page *page;
	struct mapping *record;
	u32 prot;
	u32 steps;             /* records passed by source_look() in this hold */
	struct sweep from, to; /* of source_look(), source_map() */
};

/* Before each hold of maps_lock. */
static inline void source_begin(struct source *source)
{
	source->steps = 0;
	source->from.pte = source->to.pte = NULL;
}

/*
 * The frame with an owner that is mapped at `address`; maps_lock held, since source_begin().
 * -EFAULT, -EPERM.
 */
int source_look(struct mm *mm, uintptr_t address, struct source *source);
/*
 * Maps the source's frame too, with the rights that both allow; maps_lock held.  -EAGAIN: no table
 * stands there.
 */
int source_map(
	struct source *source, struct mm *to, uintptr_t address, u32 prot, struct mapping *record);

/* What is done with a source, once looked at; maps_lock held.  Returns what source_map() does. */
typedef int (*with_source_t)(struct source *source, const struct range *from, uintptr_t from_at,
	struct mm *to, uintptr_t address, u32 prot, struct mapping *record);

/*
 * Makes a record and the tables, and does `with` to what is mapped at from_at, in `from`.  The
 * record is `with`'s unless it fails.  May sleep.
 */
int user_map_from(const struct range *from, uintptr_t from_at, struct mm *to, uintptr_t address,
	u32 prot, with_source_t with);

#endif
