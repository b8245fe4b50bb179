/* The check before the kernel's page tables are loaded. */
#include "arch/x86/paging/vital.h"
#include "lib/assert.h"
#include "mm/boot/kernel_tables.h"

static void check_vital_page(const struct vital_range *range, uintptr_t address)
{
	struct walk walk = pgtable_walk(swapper_pg_dir, address);

	if (!walk.mapped || walk.phys != virt_to_phys((void *)address) ||
		(range->writable && !walk.writable) || (range->executable && walk.nx))
		panic("page tables about to be loaded: %s at %x: mapped %d to %llx, writable %d, no-execute %d; last entry read: %s %u = %llx",
			range->name, (u32)address, walk.mapped, walk.phys, walk.writable, walk.nx,
			walk.level[walk.levels - 1].name, walk.level[walk.levels - 1].index,
			walk.level[walk.levels - 1].value);
}

void check_vital_ranges(void)
{
	struct vital_range range;

	for (u32 i = 0; vital_range(i, &range); i++)
		for (uintptr_t address = range.start & PAGE_MASK; address < range.end;
			address += PAGE_SIZE)
			check_vital_page(&range, address);
}
