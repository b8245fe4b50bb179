/* What lies at a physical address, on this machine. */
#include "arch/x86/firmware/physmap.h"
#include "arch/x86/irq/apic.h"
#include "arch/x86/paging/fixmap.h"
#include "arch/x86/paging/layout.h"
#include "mm/boot/ram_layout.h"
#include "mm/pages/page.h"
#include "tests/kernel/selftest.h"

static void expect_kind(phys_t address, enum phys_kind kind, const char *what)
{
	enum phys_kind seen = phys_kind_at(address);

	EXPECT(0, seen == kind, "%s at 0x%llx: %s, not %s", what, address, phys_kind_name(seen),
		phys_kind_name(kind));
}

/* The part of the kernel's image that was given back when it had done its work. */
static bool was_start_up(pfn_t pfn)
{
	return pfn >= phys_to_pfn(KERNEL_IMAGE_PHYS) &&
	       pfn < phys_to_pfn((uintptr_t)early_tables_end);
}

/*
 * The page allocator has only RAM in which nothing lies that must stay.  (Modules that lay low were
 * moved.)
 */
static void expect_frames_agree(pfn_t pfn)
{
	struct phys_piece piece = phys_piece_at(pfn, max_pfn);

	if (piece.kind != PHYS_RAM && piece.kind != PHYS_MODULE)
		for (pfn_t at = piece.start; at < piece.end; at++)
			EXPECT(44, was_start_up(at) || (pfn_to_page(at)->flags & PG_RESERVED),
				"frame 0x%x, where %s lies, was handed over", at,
				phys_kind_name(piece.kind));
	if (piece.end < max_pfn)
		EXPECT(0, phys_piece_at(piece.end, max_pfn).kind != piece.kind,
			"the piece from 0x%x on ends early, at 0x%x", pfn, piece.end);
}

SELFTEST(physmap_places, "physmap.places", 7, "44")
{
	u32 ram = 0;

	for (pfn_t pfn = 0; pfn < max_pfn; pfn = phys_piece_at(pfn, max_pfn).end)
		expect_frames_agree(pfn);
	for (enum phys_kind kind = PHYS_RAM; phys_kind_is_ram(kind); kind++)
		ram += phys_pages_of(kind, 0, max_pfn);
	EXPECT_EQ(
		44, ram, ram_pages_between(0, max_pfn), "RAM by its kinds, against RAM by the map");
	expect_kind(virt_to_phys(kernel_start), PHYS_KERNEL, "text");
	expect_kind(virt_to_phys(kernel_end) - 1, PHYS_KERNEL, "the image's last byte");
	expect_kind(0xB8000, PHYS_ISA_HOLE, "the screen");
	expect_kind(pfn_to_phys(mem_map_place.start), PHYS_RAM, "mem_map");
	expect_kind(1ull << 44, PHYS_UNREACHABLE, "a frame number of more than 32 bits");
	if (apic_present)
		expect_kind(
			pfn_to_phys(pte_pfn(*fixmap_pte(FIX_LAPIC))), PHYS_LAPIC, "the local APIC");
}
