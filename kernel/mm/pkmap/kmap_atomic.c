/*
 * Atomic kmaps: see kmap_atomic.h.
 *
 * Where the entry of a slot lies.  The slots of one CPU lie in one page table (fixmap.h sees to
 * it), so their entries lie side by side as their pages do:
 *
 *     entry = table + ((address >> PAGE_SHIFT) - (first >> PAGE_SHIFT)) * sizeof(pte_t)
 *
 * with `first` the address of the table's first page.  What does not depend on the address is
 * worked out once for each CPU, the bias:
 *
 *     slot_entries = table - (first >> PAGE_SHIFT) * sizeof(pte_t)
 *     entry        = slot_entries + (address >> PAGE_SHIFT) * sizeof(pte_t)
 *
 *     slot_entries                                    table        entry
 *     v                                               v            v
 *     : page 0's, if the table went on so far down ... | first page |...| this slot |...|
 *
 * Nothing is ever read at slot_entries itself.  The bias saves a third of kmap_atomic, which
 * otherwise would look up the table and mask the index for each map and each unmap.
 */
#include "mm/pkmap/kmap_atomic.h"

#include "arch/x86/hooks/tlb_shadow.h"
#include "arch/x86/paging/page_ops.h"
#include "arch/x86/paging/tlb.h"
#include "lib/assert.h"

DEFINE_PER_CPU(uintptr_t, next_slot);
static DEFINE_PER_CPU(uintptr_t, slot_entries);

/* PAGE_KERNEL, worked out beforehand. */
static pteval_t atomic_prot;

void kmap_atomic_init(void)
{
	kmap_atomic_init_cpu();
	atomic_prot = PAGE_KERNEL;
}

void kmap_atomic_init_cpu(void)
{
	u32 first = FIX_KMAP_BEGIN + smp_processor_id() * KMAP_ATOMIC_DEPTH;

	this_cpu_write(next_slot, fix_to_virt(first + kmap_atomic_depth()));
	this_cpu_write(slot_entries,
		(uintptr_t)fixmap_pte(first) - (fix_to_virt(first) >> PAGE_SHIFT) * sizeof(pte_t));
}

static inline pte_t *slot_entry(uintptr_t address)
{
	return (pte_t *)((address >> PAGE_SHIFT) * sizeof(pte_t) + this_cpu_read(slot_entries));
}

void *kmap_atomic_push(pfn_t pfn)
{
	uintptr_t address = this_cpu_read(next_slot);
	pte_t *pte = slot_entry(address);

	INVARIANT(28, this_cpu_below(nosleep.kmaps, KMAP_ATOMIC_DEPTH),
		"more than %u atomic kmaps held", KMAP_ATOMIC_DEPTH);
	/*
	 * The slot is taken first, by one instruction: an interrupt before it takes the same slot
	 * and gives it back, one behind it takes the next.
	 */
	this_cpu_inc(nosleep.kmaps);
	this_cpu_add(next_slot, -(int)PAGE_SIZE);
	barrier();
	INVARIANT(29, pte_none(*pte), "atomic slot %x holds an entry before it is mapped",
		(u32)address);
	shadow_check_reuse(address, 1u << smp_processor_id());
	set_pte_frame(pte, pfn, atomic_prot);
	return (void *)address;
}

void kmap_atomic_pop(uintptr_t address)
{
	uintptr_t last = this_cpu_read(next_slot) + PAGE_SIZE;

	INVARIANT(28, last == address, "kunmap_atomic of %x, but %u are held and the last is %x",
		(u32)address, kmap_atomic_depth(), (u32)last);
	/*
	 * Cleared and invalidated before an interrupt on this CPU can take the slot (invariant 31).
	 */
	pte_clear(slot_entry(last));
	shadow_unmapped(address);
	local_flush_tlb_page(address);
	barrier();
	this_cpu_add(next_slot, PAGE_SIZE);
	this_cpu_dec(nosleep.kmaps);
}

void *kmap_atomic_low(struct page *page)
{
	INVARIANT(28, kmap_atomic_depth() < KMAP_ATOMIC_DEPTH, "more than %u atomic kmaps held",
		KMAP_ATOMIC_DEPTH);
	this_cpu_inc(nosleep.kmaps);
	this_cpu_add(next_slot, -(int)PAGE_SIZE);
	return lowmem_page_address(page);
}

void kunmap_atomic_low(void)
{
	this_cpu_add(next_slot, PAGE_SIZE);
	this_cpu_dec(nosleep.kmaps);
}

__noreturn void kunmap_atomic_none(const void *address)
{
	panic_at(PANIC_SITE(30), "kunmap_atomic of %p, but this CPU holds none", address);
}

void clear_page(struct page *page)
{
	void *address = kmap_atomic(page);

	fill_page_at(address, 0);
	kunmap_atomic(address);
}

void copy_page(struct page *to, struct page *from)
{
	void *source = kmap_atomic(from);
	void *target = kmap_atomic(to);

	copy_page_at(target, source);
	kunmap_atomic(target);
	kunmap_atomic(source);
}
