/*
 * High pages, the pool of PKMap slots, and a model of it: which slot each page has, in which state
 * each slot is, what each CPU has flushed past.  Each page holds its own mark, so that what is read
 * through a slot, on any CPU, tells whose page it is.
 *
 * What pool_map() and its kin do, they do to the pool and to the model, and they compare what comes
 * back.  Everybody who maps is a thread of his own, that holds nothing else.
 */
#ifndef HOST_POOL_H
#define HOST_POOL_H

#include "fake/machine.h"
#include "host.h"

#include "mm/pkmap/highmem.h"
#include "mm/pkmap/kmap_many.h"
#include "mm/pkmap/kmap_wait.h"
#include "tests/checkers/pkmap_check.h"

#define POOL_PAGES (PKMAP_SLOTS_MAX + LAST_PKMAP + 40)
#define NO_SLOT (~0u)

extern struct page *pool_page[POOL_PAGES];
extern u32 pool_pages; /* how many there are: a table and 40 more than slots */

/* The model. */
extern u32 slot_of[POOL_PAGES];
extern u32 slot_owner[PKMAP_SLOTS_MAX]; /* of slots with a count of 1 or more */
extern int slot_count[PKMAP_SLOTS_MAX]; /* as pkmap_count */
extern u32 pool_uses, pool_in_use;

/*
 * A machine of so many CPUs, with RAM above 4 GiB where entries reach it, and a pool of so many
 * tables.
 */
void pool_begin(u32 cpus, u32 tables, bool lazy);

/* pkmap_count, addresses, statistics, interrupts, and what TLBs hold are as the model has them. */
void pool_compare(void);
/* The running CPU reads, through its slot, what a page in use holds. */
void pool_read(u32 i);

/* What it holds, seen at this address. */
void pool_check_mark(const void *address, u32 i);

void *pool_map(u32 i);  /* kmap */
bool pool_try(u32 i);   /* kmap_try, by a thread that holds one more already */
void pool_unmap(u32 i); /* kunmap, by a thread that holds this one */
void pool_map_many(const u32 *which, u32 n);
void pool_unmap_many(const u32 *which, u32 n);
/* The page, which nobody uses, is freed; another one takes its place. */
void pool_free(u32 i);
/* There are slots for all of them now. */
bool pool_has_room(const u32 *which, u32 n);

/* CPUs.  Who is idle must not run. */
bool pool_is_idle(u32 cpu);
void pool_idle(u32 cpu);
void pool_wake(u32 cpu);
void pool_load_cr3(void);
void pool_flush_all_here(void);

/*
 * The model alone (pool_model.c): a use that was made or dropped otherwise.  False: no slot for it.
 */
void model_begin(bool lazy);
bool model_use(u32 i);
void model_drop(u32 i);
/* All or none; an attempt that fails takes some, and gives them back. */
bool model_use_all(const u32 *which, u32 n);
/* The page is freed. */
void model_retire(u32 i);
/* The CPU has dropped everything, or what is not Global. */
void model_flushed(u32 cpu, bool fully);

extern struct kmap_stats model_stats;
extern struct cpu_model {
	bool idle;
	/* the stamp that it has flushed past, and the interrupts that it got for it */
	u32 seen, calls;
} model_cpu[MACHINE_CPUS];

/* A random number of pages, up to `most`, one of them perhaps twice. */
u32 pool_pick(u32 *which, u32 most);

/*
 * So many random steps: maps and unmaps, reads on every CPU, and what else is asked for; compared
 * every hundred steps.  At most `most` uses at a time.  In the end nothing is in use and nobody is
 * idle.  (pool_random.c)
 */
#define POOL_TRY 1u  /* kmap_try */
#define POOL_MANY 2u /* kmap_many */
#define POOL_FREE 4u /* pages are freed */
#define POOL_CPUS 8u /* CPUs go idle and wake, load CR3, flush everything */
#define POOL_ALL 15u
void pool_random(u32 steps, u32 most, u32 kinds);

#endif
