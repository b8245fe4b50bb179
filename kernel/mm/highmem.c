/*
 * The PKMap: a pool of slots through which high pages are reached, one page table long.
 *
 * A slot at 1 has no user, but any CPU may still hold its old translation: it was never told that we are done.  So it is not free yet; it becomes
 * free in flush_all_zero_pkmaps(), after every CPU has been told at once.  That is once for LAST_PKMAP mappings.
 */
#include "mm/highmem.h"

#include "arch/x86/fixmap.h"
#include "arch/x86/tlb.h"
#include "arch/x86/tlb_shadow.h"
#include "lib/assert.h"

/* Everything below, and the `virtual` of every high page. */
struct spinlock kmap_lock = SPINLOCK_INIT("kmap");
pte_t *pkmap_page_table;
int pkmap_count[LAST_PKMAP];
struct wait_queue pkmap_map_wait = WAIT_QUEUE_INIT(pkmap_map_wait, "pkmap wait");
struct kmap_stats kmap_stats;

/* The slot handed out last; the search for a free one goes on behind it. */
static u32 last_pkmap_nr;
static pteval_t kmap_prot;

void kmap_init(void)
{
	kmap_prot = PAGE_KERNEL;
	pkmap_page_table = kernel_pte(PKMAP_BASE);
	INVARIANT(1, pkmap_page_table != NULL, "no page table behind PKMAP_BASE %x", PKMAP_BASE);
}

static struct page *slot_owner(u32 slot)
{
	return pfn_to_page(pte_pfn(pkmap_page_table[slot]));
}

/* 1 -> 0, but for the flush, which the caller makes before anybody may use the slot. */
static void unmap_slot(u32 slot)
{
	struct page *page = slot_owner(slot);

	INVARIANT(2, pte_present(pkmap_page_table[slot]), "slot %u at 1 has no entry", slot);
	pkmap_count[slot] = 0;
	pte_clear(&pkmap_page_table[slot]);
	shadow_unmapped(PKMAP_ADDR(slot));
	page->virtual = 0;
}

/*
 * Takes back every slot at 1, then makes every CPU forget what it holds.  kmap_lock is held throughout: a slot with its count at 0 is not to be
 * seen by another CPU before the last of them has acknowledged.  Those who wait for the lock meanwhile do so with interrupts on, and answer.
 */
static void flush_all_zero_pkmaps(void)
{
	u32 reclaimed = 0;

	for (u32 slot = 0; slot < LAST_PKMAP; slot++) {
		if (pkmap_count[slot] != 1)
			continue;
		unmap_slot(slot);
		reclaimed++;
	}
	if (!reclaimed)
		return;
	kmap_stats.flushes++;
	kmap_stats.reclaimed += reclaimed;
	flush_tlb_all();
}

/* The next slot in turn that is free, or LAST_PKMAP: every slot is in use. */
static u32 next_free_slot(void)
{
	for (u32 left = LAST_PKMAP; left; left--) {
		last_pkmap_nr = (last_pkmap_nr + 1) & (LAST_PKMAP - 1);
		if (!last_pkmap_nr) {
			flush_all_zero_pkmaps();
			left = LAST_PKMAP;
		}
		if (!pkmap_count[last_pkmap_nr])
			return last_pkmap_nr;
	}
	return LAST_PKMAP;
}

/*
 * Sleeps until some slot has fallen to 1.  Queued before the lock is dropped: a kunmap that comes in between finds us on the queue.
 */
static void wait_for_slot(void)
{
	struct waiter waiter;

	kmap_stats.sleeps++;
	wait_enqueue(&pkmap_map_wait, &waiter);
	spin_unlock(&kmap_lock);
	wait_sleep(&waiter);
	spin_lock(&kmap_lock);
	wait_dequeue(&pkmap_map_wait, &waiter);
}

/* 0 -> 1: the caller, who holds the lock, takes it to 2. */
static void map_slot(u32 slot, struct page *page)
{
	INVARIANT(1, pte_none(pkmap_page_table[slot]), "slot %u at 0 has an entry", slot);
	shadow_check_reuse(PKMAP_ADDR(slot), ~0u);
	set_pte(&pkmap_page_table[slot], pfn_pte(page_to_pfn(page), kmap_prot));
	pkmap_count[slot] = 1;
	page->virtual = PKMAP_ADDR(slot);
	kmap_stats.new_maps++;
}

/* Gives the page a slot; sleeps until there is one.  Called and left with kmap_lock held. */
static void map_new_virtual(struct page *page)
{
	for (;;) {
		u32 slot = next_free_slot();

		if (slot < LAST_PKMAP) {
			map_slot(slot, page);
			return;
		}
		wait_for_slot();
		/* Somebody may have mapped our page while we slept. */
		if (page->virtual)
			return;
	}
}

void *kmap_high(struct page *page)
{
	uintptr_t address;
	int count;

	spin_lock(&kmap_lock);
	kmap_stats.maps++;
	if (!page->virtual)
		map_new_virtual(page);
	else if (pkmap_count[PKMAP_NR(page->virtual)] == 1)
		kmap_stats.revivals++;
	address = page->virtual;
	count = ++pkmap_count[PKMAP_NR(address)];
	INVARIANT(4, count >= 2, "kmap of frame %x returns with count %d", page_to_pfn(page), count);
	spin_unlock(&kmap_lock);
	return (void *)address;
}

void kunmap_high(struct page *page)
{
	bool wake = false;
	int *count;

	spin_lock(&kmap_lock);
	INVARIANT(5, page->virtual, "kunmap of frame %x, which is not mapped", page_to_pfn(page));
	count = &pkmap_count[PKMAP_NR(page->virtual)];
	INVARIANT(5, *count >= 2, "kunmap of frame %x, which has no user left", page_to_pfn(page));
	if (--*count == 1)
		wake = wait_queue_active(&pkmap_map_wait);
	spin_unlock(&kmap_lock);
	/* Outside the lock, which they will want at once.  All of them: who finds its page mapped takes no slot. */
	if (wake)
		wake_up_all(&pkmap_map_wait);
}

void *kmap(struct page *page)
{
	might_sleep("kmap", CALLER());
	if (!page_is_high(page))
		return lowmem_page_address(page);
	return kmap_high(page);
}

void kunmap(struct page *page)
{
	might_sleep("kunmap", CALLER());
	if (page_is_high(page))
		kunmap_high(page);
}

uintptr_t page_address(const struct page *page)
{
	return page_is_high(page) ? page->virtual : (uintptr_t)lowmem_page_address(page);
}

static const char *slot_check(u32 slot)
{
	pte_t pte = pkmap_page_table[slot];
	struct page *page;

	if (pkmap_count[slot] == 0)
		return pte_none(pte) ? NULL : "count 0 but an entry";
	if (pte.v != pfn_pte(pte_pfn(pte), kmap_prot).v)
		return "an entry without the protection of a kmap";
	page = slot_owner(slot);
	if (!page_is_high(page))
		return "an owner that is no high page";
	return page->virtual == PKMAP_ADDR(slot) ? NULL : "the owner's address is another one";
}

const char *pkmap_check(int uses, u32 *where)
{
	const char *wrong = NULL;
	int sum = 0;

	spin_lock(&kmap_lock);
	for (*where = 0; *where < LAST_PKMAP && !wrong; ++*where) {
		wrong = slot_check(*where);
		sum += MAX(0, pkmap_count[*where] - 1);
	}
	spin_unlock(&kmap_lock);
	if (wrong)
		--*where;
	else if (uses >= 0 && sum != uses)
		return "the sum of uses is not what is outstanding";
	return wrong;
}
