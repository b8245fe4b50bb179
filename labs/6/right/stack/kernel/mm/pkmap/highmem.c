/*
 * The pool's counts, written otherwise: every change of a count goes through set_count(), which
 * keeps pkmap_in_use and tells the policy.  The slots themselves are chosen in turn.c.
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

void kmap_init(void)
{
	u32 tables = mm_options.pkmap_tables;

	pkmap_slots = tables * PTRS_PER_PTE;
	for (u32 i = 0; i < tables; i++) {
		pkmap_page_table[i] = kernel_pte(PKMAP_ADDR(i * PTRS_PER_PTE));
		ASSERT(pkmap_page_table[i], "the pool has no page table %u", i);
	}
	pkmap_choose_policy();
	if (pkmap_policy.init)
		pkmap_policy.init();
}

/* Where the entries are not Global a load of CR3 is a flush of them. */
static pteval_t slot_prot(void)
{
	return pkmap_is_global ? PAGE_KERNEL : PAGE_KERNEL & ~_PAGE_GLOBAL;
}

static void slot_in_use(u32 slot, int before)
{
	pkmap_in_use++;
	if (before != 1)
		return;
	kmap_stats.revivals++;
	if (pkmap_policy.slot_revived)
		pkmap_policy.slot_revived(slot);
}

static void slot_out_of_use(u32 slot)
{
	pkmap_in_use--;
	if (pkmap_policy.slot_unused)
		pkmap_policy.slot_unused(slot);
	if (!list_empty(&pkmap_tickets))
		pkmap_wake_first();
}

static void set_count(u32 slot, int count)
{
	int before = pkmap_count[slot];

	pkmap_count[slot] = count;
	if (before < 2 && count >= 2)
		slot_in_use(slot, before);
	else if (before >= 2 && count == 1)
		slot_out_of_use(slot);
}

/* The page gets a slot, which nobody uses yet. */
static void give_slot(struct page *page)
{
	u32 slot = pkmap_policy.next_slot();

	ASSERT(pkmap_count[slot] == 0, "slot %u, at %d, was chosen", slot, pkmap_count[slot]);
	shadow_check_slot(PKMAP_ADDR(slot));
	page->virtual = PKMAP_ADDR(slot);
	set_pte(pkmap_pte(slot), pfn_pte(page_to_pfn(page), slot_prot()));
	set_count(slot, 2);
	kmap_stats.new_maps++;
}

bool pkmap_use(struct page *page)
{
	if (page->virtual) {
		u32 slot = PKMAP_NR(page->virtual);

		set_count(slot, pkmap_count[slot] + 1);
		return true;
	}
	if (pkmap_in_use >= pkmap_slots)
		return false;
	give_slot(page);
	return true;
}

void pkmap_drop(struct page *page)
{
	u32 slot = PKMAP_NR(page->virtual);

	INVARIANT(5, page->virtual && pkmap_count[slot] >= 2,
		"kunmap of frame %x, which nobody uses", page_to_pfn(page));
	set_count(slot, pkmap_count[slot] - 1);
}

static bool use_one(struct page *const *pages, u32 n) { return n == 1 && pkmap_use(pages[0]); }

/* Threads that wait go first, but a page that has a slot needs none of theirs. */
void *kmap_high(struct page *page)
{
	bool line_is_empty, done;
	uintptr_t address;

	kmap_held_check(CALLER());
	spin_lock(&kmap_lock);
	kmap_stats.maps++;
	line_is_empty = list_empty(&pkmap_tickets);
	done = (page->virtual || line_is_empty) && pkmap_use(page);
	if (!done)
		pkmap_wait_in_line(use_one, &page, 1);
	address = page->virtual;
	spin_unlock(&kmap_lock);
	kmap_held_add(1);
	return (void *)address;
}

void kunmap_high(struct page *page)
{
	spin_lock(&kmap_lock);
	pkmap_drop(page);
	spin_unlock(&kmap_lock);
	kmap_held_add(-1);
}

uintptr_t page_address(const struct page *page)
{
	if (page_is_high(page))
		return page->virtual;
	return (uintptr_t)lowmem_page_address(page);
}
