/*
 * Another right answer: the tables of a range are taken from the boot allocator at once, side by
 * side, and the direct map is made of the pieces that physmap.h knows.
 */
#include "mm/boot/kernel_tables.h"

#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/segment.h"
#include "arch/x86/firmware/physmap.h"
#include "arch/x86/paging/fixmap.h"
#include "arch/x86/paging/tlb.h"
#include "mm/boot/bootmem.h"
#include "mm/boot/options.h"
#include "mm/boot/ram_layout.h"
#include "mm/pkmap/kmap_atomic.h"

#define FRAMES (PMD_SIZE / PAGE_SIZE)

struct paging_stats paging_stats;

static char *tables_at_once(u32 n)
{
	paging_stats.tables += n;
	return bootmem_alloc(n * PAGE_SIZE, PAGE_SIZE, 0);
}

/* The number of an upper entry, counted from address 0. */
static u32 number_of(uintptr_t address) { return address >> PMD_SHIFT; }

static pmd_t *upper(u32 number)
{
	uintptr_t address = (uintptr_t)number << PMD_SHIFT;

	return pmd_offset(pgd_offset(swapper_pg_dir, address), address);
}

static void make_pmd_tables(void)
{
	u32 kernels = PTRS_PER_PGD - KERNEL_PGD_INDEX;
	char *tables = PMD_FOLDED ? NULL : tables_at_once(kernels);

	for (u32 i = 0; !PMD_FOLDED && i < kernels; i++)
		pgd_populate(&swapper_pg_dir[KERNEL_PGD_INDEX + i],
			(pmd_t *)(tables + i * PAGE_SIZE), _KERNEL_TABLE);
}

static void make_tables(u32 first, u32 last)
{
	char *tables = tables_at_once(last - first + 1);

	for (u32 i = first; i <= last; i++, tables += PAGE_SIZE)
		pmd_populate(upper(i), (pte_t *)tables, _KERNEL_TABLE);
}

static bool one_large_page(pfn_t first)
{
	pfn_t end = first + FRAMES;

	if (first == 0 || end > max_low_pfn || first <= virt_to_pfn(kernel_end - 1))
		return false;
	return ram_pages_between(first, end) == FRAMES;
}

static void map_frame(pfn_t pfn)
{
	uintptr_t address = (uintptr_t)pfn_to_virt(pfn);
	pteval_t prot = address < (uintptr_t)kernel_start        ? PAGE_KERNEL
			: address < (uintptr_t)kernel_text_end   ? PAGE_KERNEL_TEXT
			: address < (uintptr_t)kernel_rodata_end ? PAGE_KERNEL_RO
								 : PAGE_KERNEL;

	if (address == (uintptr_t)boot_stack_guard)
		return;
	set_pte(pte_offset(upper(number_of(address)), address), pfn_pte(pfn, prot));
	paging_stats.small_pages++;
}

static void map_run(pfn_t first, bool may_be_large)
{
	u32 number = number_of((uintptr_t)pfn_to_virt(first));

	if (may_be_large && one_large_page(first)) {
		set_pmd_large(upper(number), first, PAGE_KERNEL);
		paging_stats.large_pages++;
		return;
	}
	make_tables(number, number);
	for (pfn_t pfn = first; pfn < MIN(first + FRAMES, max_low_pfn); pfn++)
		if (pfn < 256 || pfn_is_ram(pfn))
			map_frame(pfn);
}

void pagetable_init(void)
{
	bool may_be_large = !mm_options.nolarge && (cpu_features.pse || !LARGE_PAGES_NEED_PSE);

	swapper_pg_dir = (pgd_t *)tables_at_once(1);
	make_pmd_tables();
	for (pfn_t pfn = 0; pfn < max_low_pfn; pfn += FRAMES)
		map_run(pfn, may_be_large);
	make_tables(number_of(vmalloc_start), number_of(VMALLOC_END - 1));
	make_tables(number_of(PKMAP_BASE), number_of(PKMAP_BASE) + mm_options.pkmap_tables - 1);
	make_tables(number_of(FIXADDR_START), number_of(FIXADDR_TOP - 1));
}

void paging_init(void)
{
	pgtable_setup_bits();
	pagetable_init();
}

void paging_enable(void)
{
	check_vital_ranges();
	cpu_enable_paging_features(pgd_cr3(swapper_pg_dir));
	kernel_pgd = swapper_pg_dir;
	direct_map_end = max_low_pfn;
	tlb_init();
	fixmap_init();
	kmap_atomic_init();
	double_fault_set_cr3(pgd_cr3(kernel_pgd));
}
