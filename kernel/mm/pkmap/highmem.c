/*
 * The PKMap: a pool of slots through which high pages are reached, one page table long unless
 * pkmap_tables= says more.
 *
 * A slot at 1 has no user, but any CPU may still hold its old translation: it was never told that
 * we are done.  So it is not free yet; it becomes free in flush_all_zero_pkmaps(), after every CPU
 * has been told at once.  That is once for all the slots of the pool.
 */
#include "mm/pkmap/highmem.h"

#include "arch/x86/hooks/tlb_shadow.h"
#include "arch/x86/paging/tlb_idle.h"
#include "arch/x86/paging/tlb_stamp.h"
#include "lib/assert.h"
#include "mm/boot/options.h"
#include "mm/hooks/kmap_held.h"
#include "mm/pkmap/pkmap.h"

/* Everything below, and the `virtual` of every high page. */
struct spinlock kmap_lock = SPINLOCK_INIT("kmap");
pte_t *pkmap_page_table[PKMAP_TABLES_MAX];
/* The count behind the last slot stays 0, so that a search ends there. */
int pkmap_count[PKMAP_SLOTS_MAX + 1];
u32 pkmap_slots, pkmap_in_use;
u16 pkmap_owned[MAX_PFN >> MAX_ORDER];
bool pkmap_lazy;
struct kmap_stats kmap_stats;

/* The slot handed out last; the search for a free one goes on behind it.  Before the first: ~0. */
static u32 last_pkmap_nr = ~0u;
static pteval_t kmap_prot;

void kmap_init(void)
{
	pkmap_lazy = mm_options.kmap_lazy;
	pkmap_slots = mm_options.pkmap_tables * PTRS_PER_PTE;
	for (u32 i = 0; i < mm_options.pkmap_tables; i++) {
		pkmap_page_table[i] = kernel_pte(PKMAP_ADDR(i * PTRS_PER_PTE));
		INVARIANT(1, pkmap_page_table[i], "no page table behind %x",
			(u32)PKMAP_ADDR(i * PTRS_PER_PTE));
	}
	kmap_prot = PAGE_KERNEL;
	if (!pkmap_lazy)
		return;
	kmap_prot &= ~_PAGE_GLOBAL;
	pkmap_not_global();
	lazy_init();
}

static struct page *slot_owner(u32 slot) { return pfn_to_page(pte_pfn(*pkmap_pte(slot))); }

/*
 * How many slots from this one on are in use, be it beyond the end of their table; the 0 behind the
 * last slot ends them.
 */
static inline u32 used_run(const int *count)
{
	const int *first = count;

	while (*count >= 2)
		count++;
	return (u32)(count - first);
}

/* Takes back all slots behind one page table that have no user. */
static void reclaim_table(int *count, pte_t *entry)
{
	const int *end = count + PTRS_PER_PTE;

	for (;; count++, entry++) {
		if (*count >= 2) {
			u32 used = used_run(count);

			count += used;
			entry += used;
		}
		if (count >= end)
			break;
		if (unlikely(pte_none(*entry))) {
			INVARIANT(2, *count == PKMAP_RETIRED, "slot %u at %d has no entry",
				(u32)(count - pkmap_count), *count);
		} else {
			pkmap_unmap_entry(entry);
			shadow_unmapped(PKMAP_ADDR(count - pkmap_count));
		}
		*count = 0;
	}
}

/*
 * When the turn has come to its end no slot is at 0.  Takes back those at 1 (or retired), then
 * makes every CPU forget what it holds; an idle one when it wakes up.  kmap_lock is held
 * throughout: a slot with its count at 0 is not to be seen by another CPU before the last of them
 * has acknowledged.  Those who wait for the lock meanwhile do so with interrupts on, and answer.
 */
static void flush_all_zero_pkmaps(void)
{
	for (u32 slot = 0; slot < pkmap_slots; slot += PTRS_PER_PTE)
		reclaim_table(&pkmap_count[slot], pkmap_pte(slot));
	kmap_stats.flushes++;
	kmap_stats.reclaimed += pkmap_slots - pkmap_in_use;
	tlb_flush_past(tlb_stamp());
}

/* The first slot at 0, from `slot` on; pkmap_slots: none. */
static u32 free_slot_from(u32 slot)
{
	const int *count = &pkmap_count[slot];

	while (*count)
		count++;
	return (u32)(count - pkmap_count);
}

/*
 * The next slot in turn that is free; when the turn wraps, slots are made free.  Not every slot is
 * in use.
 */
static u32 next_free_slot(void)
{
	last_pkmap_nr = free_slot_from(last_pkmap_nr + 1);
	if (likely(last_pkmap_nr < pkmap_slots))
		return last_pkmap_nr;
	flush_all_zero_pkmaps();
	last_pkmap_nr = free_slot_from(0);
	INVARIANT(11, last_pkmap_nr < pkmap_slots,
		"%u of %u slots are in use, but none is free after a flush", pkmap_in_use,
		pkmap_slots);
	return last_pkmap_nr;
}

/* 0 -> 2. */
static void map_slot(u32 slot, struct page *page)
{
	pte_t *pte = pkmap_pte(slot);
	pfn_t pfn = page_to_pfn(page);

	INVARIANT(1, pte_none(*pte), "slot %u at %d has an entry", slot, pkmap_count[slot]);
	shadow_check_slot(PKMAP_ADDR(slot));
	set_pte(pte, pfn_pte(pfn, kmap_prot));
	pkmap_count[slot] = 2;
	pkmap_in_use++;
	page->virtual = PKMAP_ADDR(slot);
	pkmap_owned[pfn >> MAX_ORDER]++;
	kmap_stats.new_maps++;
}

/* The page, which has none, gets a slot.  False: every slot is in use. */
static __noinline bool map_new_virtual(struct page *page)
{
	if (unlikely(pkmap_in_use == pkmap_slots))
		return false;
	map_slot(pkmap_lazy ? lazy_next_slot() : next_free_slot(), page);
	return true;
}

/* n -> n + 1, and so 1 -> 2. */
static inline void use_slot(u32 slot)
{
	int count = pkmap_count[slot]++;

	if (count > 1)
		return;
	INVARIANT(4, count == 1, "slot %u is used with count %d, but it has an owner", slot, count);
	pkmap_in_use++;
	kmap_stats.revivals++;
	if (pkmap_lazy)
		lazy_slot_revived(slot);
}

/* n -> n - 1, and so 2 -> 1. */
static inline void drop_slot(u32 slot, const struct page *page)
{
	int count = --pkmap_count[slot];

	if (count > 1)
		return;
	INVARIANT(5, count == 1, "kunmap of frame %x, which has no user left", page_to_pfn(page));
	pkmap_in_use--;
	if (pkmap_lazy)
		lazy_slot_waits(slot);
	if (unlikely(!list_empty(&pkmap_tickets)))
		pkmap_wake_first();
}

bool pkmap_use(struct page *page)
{
	if (!page->virtual)
		return map_new_virtual(page);
	use_slot(PKMAP_NR(page->virtual));
	return true;
}

void pkmap_drop(struct page *page)
{
	INVARIANT(5, page->virtual, "kunmap of frame %x, which is not mapped", page_to_pfn(page));
	drop_slot(PKMAP_NR(page->virtual), page);
}

static __noinline void wait_and_use(struct page *page) { pkmap_wait_and_use(&page, 1); }

void *kmap_high(struct page *page)
{
	uintptr_t address;

	kmap_held_check(CALLER());
	spin_lock(&kmap_lock);
	kmap_stats.maps++;
	if (page->virtual)
		use_slot(PKMAP_NR(page->virtual));
	else if (unlikely(!list_empty(&pkmap_tickets)) || !map_new_virtual(page))
		wait_and_use(page); /* behind those who wait already */
	address = page->virtual;
	spin_unlock(&kmap_lock);
	kmap_held_add(1);
	return (void *)address;
}

void kunmap_high(struct page *page)
{
	spin_lock(&kmap_lock);
	INVARIANT(5, page->virtual, "kunmap of frame %x, which is not mapped", page_to_pfn(page));
	drop_slot(PKMAP_NR(page->virtual), page);
	spin_unlock(&kmap_lock);
	kmap_held_add(-1);
}

uintptr_t page_address(const struct page *page)
{
	return page_is_high(page) ? page->virtual : (uintptr_t)lowmem_page_address(page);
}

static const char *slot_check(u32 slot)
{
	pte_t pte = *pkmap_pte(slot);
	struct page *page;

	if (pkmap_count[slot] == 0 || pkmap_count[slot] == PKMAP_RETIRED)
		return pte_none(pte) ? NULL : "count 0 or retired, but an entry";
	if (pte.v != pfn_pte(pte_pfn(pte), kmap_prot).v)
		return "an entry without the protection of a kmap";
	page = slot_owner(slot);
	if (!page_is_high(page))
		return "an owner that is no high page";
	return page->virtual == PKMAP_ADDR(slot) ? NULL : "the owner's address is another one";
}

/* The lock is held. */
static const char *pool_check(int uses, u32 *where)
{
	u32 in_use = 0;
	int sum = 0;

	for (*where = 0; *where < pkmap_slots; ++*where) {
		const char *wrong = slot_check(*where);

		if (wrong)
			return wrong;
		sum += MAX(0, pkmap_count[*where] - 1);
		in_use += pkmap_count[*where] >= 2;
	}
	if (in_use != pkmap_in_use)
		return "the number of slots in use is not what was counted";
	if (uses >= 0 && sum != uses)
		return "the sum of uses is not what is outstanding";
	return pkmap_lazy ? lazy_check() : NULL;
}

const char *pkmap_check(int uses, u32 *where)
{
	const char *wrong;

	spin_lock(&kmap_lock);
	wrong = pool_check(uses, where);
	spin_unlock(&kmap_lock);
	return wrong;
}
