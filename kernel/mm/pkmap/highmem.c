/*
 * The PKMap: a pool of slots through which high pages are reached, one page table long unless
 * pkmap_tables= says more.
 *
 * A slot at 1 has no user, but any CPU may still hold its old translation: it was never told that
 * we are done.  So the slot is not free yet.  It becomes free after a flush of all CPUs, which is
 * made once for many slots; when, and for which, is up to the policy (turn.c, lazy.c).
 */
#include "mm/pkmap/highmem.h"

#include "arch/x86/hooks/tlb_shadow.h"
#include "arch/x86/paging/tlb_stamp.h"
#include "lib/assert.h"
#include "mm/boot/options.h"
#include "mm/hooks/kmap_held.h"
#include "mm/pkmap/kmap_wait.h"
#include "mm/pkmap/pkmap.h"

struct spinlock kmap_lock = SPINLOCK_INIT("kmap");
pte_t *pkmap_page_table[PKMAP_TABLES_MAX];
int pkmap_count[PKMAP_SLOTS_MAX + 1];
u32 pkmap_slots, pkmap_in_use;
struct kmap_stats kmap_stats;

static pteval_t kmap_prot;

__cold void kmap_init(void)
{
	pkmap_choose_policy();
	pkmap_slots = mm_options.pkmap_tables * PTRS_PER_PTE;
	for (u32 i = 0; i < mm_options.pkmap_tables; i++) {
		pkmap_page_table[i] = kernel_pte(PKMAP_ADDR(i * PTRS_PER_PTE));
		INVARIANT(1, pkmap_page_table[i], "no page table behind %x",
			(u32)PKMAP_ADDR(i * PTRS_PER_PTE));
	}
	if (pkmap_policy.init)
		pkmap_policy.init();
	kmap_prot = PAGE_KERNEL;
	if (!pkmap_is_global)
		kmap_prot &= ~_PAGE_GLOBAL;
}

/* 0 -> 2. */
static void map_slot(u32 slot, struct page *page)
{
	pte_t *pte = pkmap_pte(slot);

	INVARIANT(1, pte_none(*pte), "slot %u at %d has an entry", slot, pkmap_count[slot]);
	shadow_check_slot(PKMAP_ADDR(slot));
	set_pte(pte, pfn_pte(page_to_pfn(page), kmap_prot));
	pkmap_count[slot] = 2;
	pkmap_in_use++;
	page->virtual = PKMAP_ADDR(slot);
	kmap_stats.new_maps++;
}

/* The page, which has none, gets a slot.  False: every slot is in use. */
static __noinline bool map_new_virtual(struct page *page)
{
	if (unlikely(pkmap_in_use == pkmap_slots))
		return false;
	map_slot(pkmap_policy.next_slot(), page);
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
	if (pkmap_policy.slot_revived)
		pkmap_policy.slot_revived(slot);
}

/* n -> n - 1, and so 2 -> 1. */
static inline void drop_slot(u32 slot, const struct page *page)
{
	int count = --pkmap_count[slot];

	if (count > 1)
		return;
	INVARIANT(5, count == 1, "kunmap of frame %x, which has no user left", page_to_pfn(page));
	pkmap_in_use--;
	if (pkmap_policy.slot_unused)
		pkmap_policy.slot_unused(slot);
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

static bool use_one(struct page *const *page, u32 n)
{
	(void)n;
	return pkmap_use(*page);
}

static __noinline void wait_and_use(struct page *page) { pkmap_wait_in_line(use_one, &page, 1); }

void *kmap_high(struct page *page)
{
	uintptr_t address;

	kmap_held_check(CALLER());
	spin_lock(&kmap_lock);
	kmap_stats.maps++;
	if (page->virtual)
		use_slot(PKMAP_NR(page->virtual));
	else if (unlikely(!list_empty(&pkmap_tickets)) || !map_new_virtual(page))
		wait_and_use(page); /* behind the threads that wait already */
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
