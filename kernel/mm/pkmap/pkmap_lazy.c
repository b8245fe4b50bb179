/*
 * kmap_flush=lazy: slots are made free in small batches, long before they are needed.
 *
 *   free      count 0         handed out from here
 *   waiting   count 1         without users, the oldest first; a kmap of the same page revives them
 *   retired   count RETIRED   entry cleared; one batch after the other, each with its stamp
 *
 * A batch is closed when enough slots wait: the oldest lose their entries, and the batch takes a
 * stamp (tlb_idle.h).  By the time that its slots are needed most CPUs have loaded CR3 for some
 * other reason, since the entries are not Global; only those that have not are interrupted.  No
 * kmap does more than to close one batch and to open one.
 *
 * Guarded by kmap_lock.
 */
#include "arch/x86/paging/tlb_idle.h"
#include "arch/x86/paging/tlb_stamp.h"
#include "lib/assert.h"
#include "mm/boot/bootmem.h"
#include "mm/pkmap/pkmap.h"

/* Slots in a batch: what the slowest kmap has to do. */
#define BATCH 64u
/*
 * A quarter of the pool is free or retired, if so many have no users: time for CPUs to flush by
 * themselves, against fewer revivals.
 */
#define AHEAD_SHIFT 2
#define BATCHES_MAX (PKMAP_SLOTS_MAX / BATCH)
#define NO_SLOT 0xFFFFu

struct batch {
	u32 stamp;
	u16 first; /* linked through slot_after, ends with NO_SLOT */
	u16 slots;
};

/*
 * The waiting slots are a ring, with its head at index pkmap_slots; the others are lists that use
 * slot_after alone.
 */
static u16 *slot_after, *slot_before;
static u32 waiting, retired, free_slots; /* how many; retired ones: the loose ones too */
static u16 first_free;
/* Slots of freed pages, for the batch that is closed next. */
static u16 loose;
static u32 loose_slots;
/* Closed batches: a ring, of which `batches` from `oldest` on are in use. */
static struct batch batch[BATCHES_MAX];
static u32 oldest, batches;

void lazy_init(void)
{
	size_t size = (pkmap_slots + 1) * sizeof(*slot_after);

	slot_after = bootmem_alloc(size, sizeof(*slot_after), 0);
	slot_before = bootmem_alloc(size, sizeof(*slot_after), 0);
	for (u32 slot = 0; slot < pkmap_slots; slot++)
		slot_after[slot] = (u16)(slot + 1);
	slot_after[pkmap_slots - 1] = NO_SLOT;
	slot_after[pkmap_slots] = slot_before[pkmap_slots] = (u16)pkmap_slots;
	free_slots = pkmap_slots;
	loose = NO_SLOT;
}

void lazy_slot_waits(u32 slot)
{
	u16 last = slot_before[pkmap_slots];

	slot_after[slot] = (u16)pkmap_slots;
	slot_before[slot] = last;
	slot_after[last] = slot_before[pkmap_slots] = (u16)slot;
	waiting++;
}

void lazy_slot_revived(u32 slot)
{
	slot_after[slot_before[slot]] = slot_after[slot];
	slot_before[slot_after[slot]] = slot_before[slot];
	waiting--;
}

void lazy_slot_retired(u32 slot)
{
	slot_after[slot] = loose;
	loose = (u16)slot;
	loose_slots++;
	retired++;
}

/*
 * Unmaps the n oldest waiting slots, n > 0, and takes them out of the ring, with `behind` behind
 * the last; returns the first.
 */
static u32 retire_oldest(u32 n, u16 behind)
{
	u32 first = slot_after[pkmap_slots], last = first, next = first;

	for (u32 i = 0; i < n; i++, next = slot_after[last]) {
		last = next;
		pkmap_unmap(last);
		pkmap_count[last] = PKMAP_RETIRED;
	}
	slot_after[pkmap_slots] = (u16)next;
	slot_before[next] = (u16)pkmap_slots;
	slot_after[last] = behind;
	waiting -= n;
	retired += n;
	return first;
}

/*
 * Takes the oldest waiting slots, and all loose ones, into a batch.  From its stamp on a flush of
 * any CPU counts for it.
 */
static void close_batch(void)
{
	struct batch *closed = &batch[(oldest + batches) % BATCHES_MAX];
	u32 n = MIN(waiting, BATCH);

	closed->first = n ? (u16)retire_oldest(n, loose) : loose;
	closed->slots = (u16)(n + loose_slots);
	closed->stamp = tlb_stamp();
	loose = NO_SLOT;
	loose_slots = 0;
	batches++;
}

/* The oldest batch becomes the free slots, once every CPU has flushed past its stamp. */
static void open_batch(void)
{
	struct batch *opened = &batch[oldest];

	INVARIANT(12, opened->slots, "%u of %u slots are in use, but none waits", pkmap_in_use,
		pkmap_slots);
	tlb_flush_past(opened->stamp);
	for (u32 slot = opened->first; slot != NO_SLOT; slot = slot_after[slot])
		pkmap_count[slot] = 0;
	first_free = opened->first;
	free_slots = opened->slots;
	retired -= opened->slots;
	kmap_stats.flushes++;
	kmap_stats.reclaimed += opened->slots;
	oldest = (oldest + 1) % BATCHES_MAX;
	batches--;
}

/* Few are free or on their way, and a batch is full; or there is nothing else. */
static bool shall_close(void)
{
	if (!free_slots && !batches)
		return true;
	return waiting >= BATCH && free_slots + retired < pkmap_slots >> AHEAD_SHIFT &&
	       batches < BATCHES_MAX;
}

u32 lazy_next_slot(void)
{
	u32 slot;

	if (unlikely(shall_close()))
		close_batch();
	if (unlikely(!free_slots))
		open_batch();
	slot = first_free;
	first_free = slot_after[slot];
	free_slots--;
	return slot;
}

/* Walks a list of slots that have one count; more than `most` of them are a circle. */
static bool list_is(u32 slot, int count, u32 most, u32 *n)
{
	for (; slot != NO_SLOT && *n <= most; slot = slot_after[slot], ++*n)
		if (slot >= pkmap_slots || pkmap_count[slot] != count)
			return false;
	return true;
}

static const char *retired_check(void)
{
	u32 n = 0;

	if (!list_is(loose, PKMAP_RETIRED, retired, &n))
		return "a slot of a freed page is not retired";
	for (u32 i = 0; i < batches; i++)
		if (!list_is(batch[(oldest + i) % BATCHES_MAX].first, PKMAP_RETIRED, retired, &n))
			return "a slot in a batch is not retired";
	return n == retired ? NULL : "the number of retired slots is not what was counted";
}

const char *lazy_check(void)
{
	u32 slot = slot_after[pkmap_slots], n = 0;

	for (; slot != pkmap_slots && n <= waiting; slot = slot_after[slot], n++)
		if (pkmap_count[slot] != 1 || slot_after[slot_before[slot]] != slot)
			return "a waiting slot is not at 1, or the ring is broken";
	if (n != waiting)
		return "the number of waiting slots is not what was counted";
	n = 0;
	if (free_slots && (!list_is(first_free, 0, free_slots, &n) || n != free_slots))
		return "a free slot is not at 0, or their number is not what was counted";
	if (waiting + retired + free_slots + pkmap_in_use != pkmap_slots)
		return "slots in use, waiting, retired and free do not make up the pool";
	return retired_check();
}
