/*
 * Another right answer: one function maps one page and makes the table that it needs.  First all of
 * low memory is mapped so, writable; then what must not be is taken away.
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

#define LOW_PAGES 256u

struct paging_stats paging_stats;

static void *new_table(void)
{
	paging_stats.tables++;
	return bootmem_alloc(PAGE_SIZE, PAGE_SIZE, 0);
}

static pmd_t *upper_entry(uintptr_t address)
{
	pgd_t *first = pgd_offset(swapper_pg_dir, address);

	if (!PMD_FOLDED && pgd_none(*first))
		pgd_populate(first, new_table(), _KERNEL_TABLE);
	return pmd_offset(first, address);
}

static pte_t *entry_for(uintptr_t address)
{
	pmd_t *above = upper_entry(address);

	if (!pmd_present(*above))
		pmd_populate(above, new_table(), _KERNEL_TABLE);
	return pte_offset(above, address);
}

/* Frame by frame: in low memory, RAM, and none of the kernel's or the firmware's. */
static bool all_alike(pfn_t first)
{
	pfn_t image_end = virt_to_pfn(kernel_end);

	for (pfn_t pfn = first; pfn < first + PMD_SIZE / PAGE_SIZE; pfn++)
		if (pfn < MAX(image_end, LOW_PAGES) || pfn >= max_low_pfn || !pfn_is_ram(pfn))
			return false;
	return true;
}

static bool want_large(pfn_t pfn)
{
	if (mm_options.nolarge || (!cpu_features.pse && LARGE_PAGES_NEED_PSE))
		return false;
	return pte_index((uintptr_t)pfn_to_virt(pfn)) == 0 && all_alike(pfn);
}

static void map_page(pfn_t pfn)
{
	if (pfn >= LOW_PAGES && !pfn_is_ram(pfn))
		return;
	set_pte(entry_for((uintptr_t)pfn_to_virt(pfn)), pfn_pte(pfn, PAGE_KERNEL));
	paging_stats.small_pages++;
}

static void protect(uintptr_t start, uintptr_t end, pteval_t prot)
{
	for (uintptr_t address = start; address < end; address += PAGE_SIZE) {
		pte_t *pte = entry_for(address);
		pfn_t pfn = pte_pfn(*pte);

		pte_clear(pte);
		set_pte(pte, pfn_pte(pfn, prot));
	}
}

static void map_all(void)
{
	pfn_t pfn = 0;

	while (pfn < max_low_pfn)
		if (want_large(pfn)) {
			set_pmd_large(upper_entry((uintptr_t)pfn_to_virt(pfn)), pfn, PAGE_KERNEL);
			paging_stats.large_pages++;
			pfn += PMD_SIZE / PAGE_SIZE;
		} else {
			map_page(pfn++);
		}
}

static void protect_image(void)
{
	protect((uintptr_t)kernel_start, (uintptr_t)kernel_text_end, PAGE_KERNEL_TEXT);
	protect((uintptr_t)kernel_text_end, (uintptr_t)kernel_rodata_end, PAGE_KERNEL_RO);
	pte_clear(entry_for((uintptr_t)boot_stack_guard));
	paging_stats.small_pages--;
}

/* From the last table down to the first, so that nothing wraps around. */
static void tables_for(uintptr_t first, uintptr_t last)
{
	uintptr_t address = ALIGN_DOWN(last, PMD_SIZE);

	while (address > ALIGN_DOWN(first, PMD_SIZE)) {
		entry_for(address);
		address -= PMD_SIZE;
	}
	entry_for(address);
}

void pagetable_init(void)
{
	u32 slots = mm_options.pkmap_tables * PTRS_PER_PTE;

	swapper_pg_dir = new_table();
	tables_for(PKMAP_BASE, PKMAP_BASE + slots * PAGE_SIZE - 1);
	tables_for(FIXADDR_START, FIXADDR_TOP - 1);
	tables_for(vmalloc_start, VMALLOC_END - 1);
	map_all();
	protect_image();
}

void paging_init(void)
{
	pgtable_setup_bits();
	pagetable_init();
}

void paging_enable(void)
{
	check_vital_ranges();
	double_fault_set_cr3(pgd_cr3(swapper_pg_dir));
	cpu_enable_paging_features(pgd_cr3(swapper_pg_dir));
	kernel_pgd = swapper_pg_dir;
	direct_map_end = max_low_pfn;
	fixmap_init();
	kmap_atomic_init();
	tlb_init();
}
