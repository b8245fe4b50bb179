/* The kernel's page tables: built from boot memory, loaded. */
#include "mm/boot/kernel_tables.h"

#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/segment.h"
#include "arch/x86/paging/fixmap.h"
#include "arch/x86/paging/tlb.h"
#include "mm/boot/bootmem.h"
#include "mm/boot/options.h"
#include "mm/boot/ram_layout.h"
#include "mm/pkmap/kmap_atomic.h"

/*
 * The fixed MTRRs rule here, and the screen and the firmware lie here: mapped whether RAM or not.
 */
#define FIRST_MIB_PFNS 256u
#define PFNS_PER_PMD (PMD_SIZE >> PAGE_SHIFT)

struct paging_stats paging_stats;

static void *table_page(void)
{
	paging_stats.tables++;
	return bootmem_alloc_page();
}

/* The PMD entry of a kernel address, with its PMD table made. */
static pmd_t *kernel_pmd(uintptr_t address)
{
	pgd_t *pgd = pgd_offset(swapper_pg_dir, address);

	if (pgd_none(*pgd))
		pgd_populate(pgd, table_page(), _KERNEL_TABLE);
	return pmd_offset(pgd, address);
}

/* Empty PTE tables for [start, end). */
static void reserve_tables(uintptr_t start, uintptr_t end)
{
	for (uintptr_t address = ALIGN_DOWN(start, PMD_SIZE);
		address - ALIGN_DOWN(start, PMD_SIZE) < end - ALIGN_DOWN(start, PMD_SIZE);
		address += PMD_SIZE) {
		pmd_t *pmd = kernel_pmd(address);

		if (pmd_none(*pmd))
			pmd_populate(pmd, table_page(), _KERNEL_TABLE);
	}
}

static bool holds_kernel_image(pfn_t start, pfn_t end)
{
	return start < virt_to_pfn(kernel_end) && end > phys_to_pfn(KERNEL_IMAGE_PHYS);
}

/* A large page must be RAM throughout and need one protection throughout. */
static bool large_page_fits(pfn_t start)
{
	pfn_t end = start + PFNS_PER_PMD;

	if (mm_options.nolarge || (LARGE_PAGES_NEED_PSE && !cpu_features.pse))
		return false;
	return start > 0 && end <= max_low_pfn && !holds_kernel_image(start, end) &&
	       ram_pages_between(start, end) == PFNS_PER_PMD;
}

/* Text and constants are read-only; all but text is no-execute. */
static pteval_t small_page_prot(uintptr_t address)
{
	if (address >= (uintptr_t)kernel_start && address < (uintptr_t)kernel_text_end)
		return PAGE_KERNEL_TEXT;
	if (address >= (uintptr_t)kernel_text_end && address < (uintptr_t)kernel_rodata_end)
		return PAGE_KERNEL_RO;
	return PAGE_KERNEL;
}

static bool frame_is_mapped(pfn_t pfn)
{
	if (pfn_to_virt(pfn) == boot_stack_guard)
		return false;
	return pfn < FIRST_MIB_PFNS || pfn_is_ram(pfn);
}

static void map_small_pages(pte_t *table, pfn_t start)
{
	for (u32 i = 0; i < PTRS_PER_PTE && start + i < max_low_pfn; i++) {
		pfn_t pfn = start + i;

		if (!frame_is_mapped(pfn))
			continue;
		set_pte(&table[i], pfn_pte(pfn, small_page_prot((uintptr_t)pfn_to_virt(pfn))));
		paging_stats.small_pages++;
	}
}

static void map_low_memory(void)
{
	for (pfn_t pfn = 0; pfn < max_low_pfn; pfn += PFNS_PER_PMD) {
		pmd_t *pmd = kernel_pmd((uintptr_t)pfn_to_virt(pfn));

		if (large_page_fits(pfn)) {
			set_pmd_large(pmd, pfn, PAGE_KERNEL);
			paging_stats.large_pages++;
		} else {
			pte_t *table = table_page();

			map_small_pages(table, pfn);
			pmd_populate(pmd, table, _KERNEL_TABLE);
		}
	}
}

void pagetable_init(void)
{
	swapper_pg_dir = table_page();
	map_low_memory();
	reserve_tables(vmalloc_start, VMALLOC_END);
	reserve_tables(FIXADDR_START, FIXADDR_TOP);
	reserve_tables(PKMAP_BASE, PKMAP_BASE + mm_options.pkmap_tables * PTRS_PER_PTE * PAGE_SIZE);
}

void paging_init(void)
{
	pgtable_setup_bits();
	pagetable_init();
}

void paging_enable(void)
{
	u32 cr3 = pgd_cr3(swapper_pg_dir);

	check_vital_ranges();
	cpu_enable_paging_features(cr3);
	tlb_init();
	local_flush_tlb_all();
	double_fault_set_cr3(cr3);
	kernel_pgd = swapper_pg_dir;
	direct_map_end = max_low_pfn;
	fixmap_init();
	kmap_atomic_init();
}
