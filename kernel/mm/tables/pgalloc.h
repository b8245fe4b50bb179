/*
 * Page-table pages: allocation, the quicklists in front of it, trimming.
 *
 * Each level has, on each CPU, a quicklist: LIFO, linked through the tables' own memory, with a
 * count.  A cached PTE or PMD table is zero but for its first word (the link); a cached PGD has a
 * zero user part, the kernel's upper part, and its link in pgd_link().  The link is the
 * page-aligned address of the next table, so its Present bit is 0.
 *
 * A table enters a quicklist only when no CPU can still walk it: after clear_page_tables() and the
 * flush (see address_space.h).  Fast functions neither sleep nor take a lock; interrupt handlers
 * may not use any of these.
 */
#ifndef MM_PGALLOC_H
#define MM_PGALLOC_H

#include "arch/x86/cpu/percpu.h"
#include "arch/x86/paging/pgtable.h"
#include "lib/assert.h"
#include "lib/types.h"
#include "mm/pages/page.h"

struct mm;

struct quicklist {
	void *head;
	u32 count;
	u32 trimmed; /* tables given back to the page allocator, since boot */
};
DECLARE_PER_CPU(struct quicklist, pgd_quicklist);
DECLARE_PER_CPU(struct quicklist, pmd_quicklist);
DECLARE_PER_CPU(struct quicklist, pte_quicklist);

/*
 * A PGD with an empty user part and the kernel's part.  NULL: no memory.  pgd_alloc and
 * get_pgd_slow may sleep.
 */
pgd_t *pgd_alloc(void);
pgd_t *get_pgd_fast(void); /* from this CPU's quicklist, or NULL */
pgd_t *get_pgd_slow(void); /* from the page allocator */
/* To the quicklist.  The user part is empty and no CPU has it in CR3. */
void pgd_free(pgd_t *pgd);

/*
 * The PMD entry (PTE entry) for `address` in `mm`, with the table made if there is none; NULL: no
 * memory.  May sleep: the mm's page_table_lock, held by the caller, is dropped and taken again
 * around the slow path, and the entry looked at once more (a lost race gives its table back,
 * invariant 38).
 */
pmd_t *pmd_alloc(struct mm *mm, pgd_t *pgd, uintptr_t address);
pte_t *pte_alloc(struct mm *mm, pmd_t *pmd, uintptr_t address);
pmd_t *pmd_alloc_one_fast(void);
pmd_t *pmd_alloc_one(void);
pte_t *pte_alloc_one_fast(void);
pte_t *pte_alloc_one(void);
void pmd_free(pmd_t *table);
void pte_free(pte_t *table);

/*
 * Trims this CPU's lists: each whose count is over the high mark goes down to the low mark; all to
 * nothing while memory is short.  Returns pages freed.  Called after clear_page_tables and by the
 * idle loop.  Ends even if a list and its count disagree, and says so (invariant 42).
 */
u32 check_pgt_cache(void);
/* Trims them to nothing: memory is short. */
u32 drain_pgt_cache(void);
/*
 * What a CPU does at its next schedule or in idle: drains if a zone asked for it since it last did.
 */
void trim_if_asked(void);
/* True if this CPU has been asked and has not trimmed since. */
bool trim_is_asked(void);
/* A zone runs short: asks every CPU.  Any context. */
void ask_for_trim(void);
/*
 * After ask_for_trim(): interrupts the CPUs that are halted, and returns when each CPU whose idle
 * thread ran has trimmed or has gone on to another thread (that CPU trims at its next schedule).
 * Interrupts on, no lock held.  Does not sleep.
 */
void trim_idle_cpus(void);

/* Tables in this CPU's lists, all levels; and in those of all CPUs. */
u32 nr_cached_tables(void);
u32 nr_cached_tables_all(void);

/*
 * Checks invariants 32 to 36 of a list of this CPU (level: 0 = PTE, 1 = PMD, 2 = PGD).  NULL, or
 * what is wrong.
 */
const char *quicklist_check(u32 level);

/* The marks in force, from mm_options; low <= high. */
extern u32 pgt_low_mark, pgt_high_mark;
void pgt_cache_init(void);

/*
 * A table's page from `from` to `to` (PG_TABLE_* places, 0 = with the page allocator); anything
 * else than `from` panics (invariant 33).
 */
static inline void table_move(void *table, u32 from, u32 to)
{
	struct page *page = virt_to_page(table);
	u32 rest = page->flags ^ from;

	INVARIANT(33, !(rest & PG_TABLE_MASK), "page table %p is in place %x, expected %x", table,
		READ_ONCE(page->flags) & PG_TABLE_MASK, from);
	page->flags = rest | to;
}

#endif
