/* Slots in batches: see lazy.h. */
#include "mm/pkmap/lazy.h"

#include "arch/x86/paging/tlb_idle.h"
#include "arch/x86/paging/tlb_stamp.h"
#include "mm/boot/bootmem.h"
#include "mm/pkmap/pkmap.h"
#include "mm/pkmap/pkmap_unmap.h"

/* Slots in a batch: what the slowest kmap has to do. */
#define BATCH 64u
/*
 * A quarter of the pool is free or retired, if so many have no users: time for CPUs to flush by
 * themselves, against fewer revivals.
 */
#define AHEAD_SHIFT 2

struct lazy_pool lazy_pool;

static __cold void lazy_init(void)
{
	struct lazy_pool *p = &lazy_pool;
	size_t links = (pkmap_slots + 1) * sizeof(u16);

	pkmap_not_global();
	p->after = bootmem_alloc(links, sizeof(u16), 0);
	p->before = bootmem_alloc(links, sizeof(u16), 0);
	p->batches_max = pkmap_slots / BATCH;
	p->batch = bootmem_alloc(p->batches_max * sizeof(*p->batch), sizeof(u32), 0);
	for (u32 slot = 0; slot < pkmap_slots; slot++)
		p->after[slot] = (u16)(slot + 1);
	p->after[pkmap_slots - 1] = LAZY_END;
	p->after[pkmap_slots] = p->before[pkmap_slots] = (u16)pkmap_slots;
	p->free = pkmap_slots;
	p->first_pending = LAZY_END;
}

/* 2 -> 1: appended to the ring. */
static void slot_waits(u32 slot)
{
	struct lazy_pool *p = &lazy_pool;
	u16 last = p->before[pkmap_slots];

	p->after[slot] = (u16)pkmap_slots;
	p->before[slot] = last;
	p->after[last] = p->before[pkmap_slots] = (u16)slot;
	p->waiting++;
}

/* 1 -> 2: taken out of it. */
static void slot_revived(u32 slot)
{
	struct lazy_pool *p = &lazy_pool;

	p->after[p->before[slot]] = p->after[slot];
	p->before[p->after[slot]] = p->before[slot];
	p->waiting--;
}

/* 1 -> RETIRED. */
static void slot_retired(u32 slot)
{
	struct lazy_pool *p = &lazy_pool;

	slot_revived(slot);
	p->after[slot] = p->first_pending;
	p->first_pending = (u16)slot;
	p->pending++;
	p->retired++;
}

/*
 * Unmaps the n oldest waiting slots, n > 0, and takes them out of the ring, with the list `behind`
 * behind the last; returns the first.
 */
static u32 retire_oldest(u32 n, u16 behind)
{
	struct lazy_pool *p = &lazy_pool;
	u32 first = p->after[pkmap_slots], last = first, next = first;

	for (u32 i = 0; i < n; i++, next = p->after[last]) {
		last = next;
		pkmap_unmap(last, pkmap_pte(last));
		pkmap_count[last] = PKMAP_RETIRED;
	}
	p->after[pkmap_slots] = (u16)next;
	p->before[next] = (u16)pkmap_slots;
	p->after[last] = behind;
	p->waiting -= n;
	p->retired += n;
	return first;
}

/*
 * Takes the oldest waiting slots, and all pending ones, into a batch.  A CPU that flushes after the
 * stamp was taken has forgotten all of them.
 */
static void close_batch(void)
{
	struct lazy_pool *p = &lazy_pool;
	struct lazy_batch *closed = &p->batch[(p->oldest + p->batches) % p->batches_max];
	u32 n = MIN(p->waiting, BATCH);

	closed->first = n ? (u16)retire_oldest(n, p->first_pending) : p->first_pending;
	closed->slots = (u16)(n + p->pending);
	closed->stamp = tlb_stamp();
	p->first_pending = LAZY_END;
	p->pending = 0;
	p->batches++;
}

/* The oldest batch becomes the free slots, once every CPU has flushed past its stamp. */
static void open_batch(void)
{
	struct lazy_pool *p = &lazy_pool;
	struct lazy_batch *opened = &p->batch[p->oldest];

	INVARIANT(12, opened->slots, "%u of %u slots are in use, but none waits", pkmap_in_use,
		pkmap_slots);
	tlb_flush_past(opened->stamp);
	for (u32 slot = opened->first; slot != LAZY_END; slot = p->after[slot])
		pkmap_count[slot] = 0;
	p->first_free = opened->first;
	p->free = opened->slots;
	p->retired -= opened->slots;
	kmap_stats.flushes++;
	kmap_stats.reclaimed += opened->slots;
	p->oldest = (p->oldest + 1) % p->batches_max;
	p->batches--;
}

/* Close a batch if too few slots are free or retired and 64 wait, or if no other slot is left. */
static bool shall_close(void)
{
	const struct lazy_pool *p = &lazy_pool;

	if (!p->free && !p->batches)
		return true;
	return p->waiting >= BATCH && p->free + p->retired < pkmap_slots >> AHEAD_SHIFT &&
	       p->batches < p->batches_max;
}

static u32 next_slot(void)
{
	struct lazy_pool *p = &lazy_pool;
	u32 slot;

	if (unlikely(shall_close()))
		close_batch();
	if (unlikely(!p->free))
		open_batch();
	slot = p->first_free;
	p->first_free = p->after[slot];
	p->free--;
	return slot;
}

const struct slot_policy lazy_policy = {
	.init = lazy_init,
	.next_slot = next_slot,
	.slot_unused = slot_waits,
	.slot_revived = slot_revived,
	.slot_retired = slot_retired,
};
