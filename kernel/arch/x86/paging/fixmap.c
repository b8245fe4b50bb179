/* The fixmap, and the window on foreign tables. */
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

void fixmap_init(void)
{
	for (u32 i = 0; i < FIXMAP_TABLES; i++) {
		uintptr_t first = ALIGN_DOWN((uintptr_t)FIXADDR_TOP, PMD_SIZE) - i * PMD_SIZE;

		fixmap_table[i] = kernel_pte(first);
	}
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
