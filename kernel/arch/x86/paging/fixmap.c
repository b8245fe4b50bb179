/* The fixmap, the window on foreign tables, and the slots behind atomic kmaps. */
#include "arch/x86/paging/fixmap.h"

#include "arch/x86/hooks/tlb_shadow.h"
#include "arch/x86/paging/tlb.h"
#include "lib/assert.h"
#include "lib/string.h"

/* PTE tables behind the fixmap, from its top down. */
#define FIXMAP_END (FIXADDR_TOP | (PMD_SIZE - 1)) /* the last address behind the first of them */
#define TABLE_OF(address) ((FIXMAP_END - (address)) >> PMD_SHIFT)
#define FIXMAP_TABLES (TABLE_OF(FIXADDR_START) + 1)

static pte_t *fixmap_table[FIXMAP_TABLES];

DEFINE_PER_CPU(uintptr_t, next_slot);
/*
 * Where page 0 of the address space would have its entry, if the table behind this CPU's slots went
 * on so far.
 */
static DEFINE_PER_CPU(uintptr_t, slot_entries);

/* PAGE_KERNEL, worked out beforehand. */
static pteval_t atomic_prot;

void fixmap_init(void)
{
	for (u32 i = 0; i < FIXMAP_TABLES; i++) {
		uintptr_t first = ALIGN_DOWN((uintptr_t)FIXADDR_TOP, PMD_SIZE) - i * PMD_SIZE;

		fixmap_table[i] = kernel_pte(first);
	}
	fixmap_init_cpu();
	atomic_prot = PAGE_KERNEL;
}

pte_t *fixmap_pte(u32 index)
{
	uintptr_t address = fix_to_virt(index);

	return fixmap_table[TABLE_OF(address)] + pte_index(address);
}

/*
 * Fixmap pages are used by the CPU that sets them (devices are set once, before the others run), so
 * no other CPU is told.
 */
static u32 this_cpu_only(void) { return 1u << smp_processor_id(); }

void *set_fixmap(u32 index, phys_t phys, pteval_t prot)
{
	ASSERT(phys_reachable(phys), "fixmap page for physical 0x%llx, which no entry reaches",
		(unsigned long long)phys);
	clear_fixmap(index);
	shadow_check_reuse(fix_to_virt(index), this_cpu_only());
	set_pte(fixmap_pte(index), pfn_pte(phys_to_pfn(phys), prot));
	return (void *)fix_to_virt(index);
}

void clear_fixmap(u32 index)
{
	ASSERT(index < FIXMAP_PAGES, "fixmap index %u, there are %u", index, FIXMAP_PAGES);
	pte_clear(fixmap_pte(index));
	shadow_unmapped(fix_to_virt(index));
	local_flush_tlb_page(fix_to_virt(index));
}

bool phys_read(void *dst, phys_t phys, size_t size)
{
	char *to = dst;

	if (size > pfn_to_phys(reachable_pfns()) || phys > pfn_to_phys(reachable_pfns()) - size) {
		memset(dst, 0, size);
		return false;
	}
	while (size) {
		u32 offset = (u32)phys & ~PAGE_MASK;
		size_t n = MIN(size, (size_t)(PAGE_SIZE - offset));
		const char *window = set_fixmap(FIX_WINDOW, phys - offset, PAGE_KERNEL_RO);

		memcpy(to, window + offset, n);
		to += n;
		phys += n;
		size -= n;
	}
	clear_fixmap(FIX_WINDOW);
	return true;
}

void fixmap_init_cpu(void)
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
	shadow_check_reuse(address, this_cpu_only());
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
