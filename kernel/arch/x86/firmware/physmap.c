/* What lies at a physical address: see physmap.h. */
#include "arch/x86/firmware/physmap.h"

#include "arch/x86/firmware/bootinfo.h"
#include "arch/x86/paging/layout.h"
#include "arch/x86/paging/pgtable.h"
#include "lib/assert.h"

#define ISA_HOLE_START 0xA0000u
#define ISA_HOLE_END 0x100000u

static phys_t lapic = LAPIC_DEFAULT_ADDRESS;

void physmap_set_lapic(phys_t address) { lapic = address; }

bool phys_place(u32 i, struct phys_piece *place)
{
	const struct phys_piece places[] = {
		{ PHYS_ISA_HOLE, phys_to_pfn(ISA_HOLE_START), phys_to_pfn(ISA_HOLE_END) },
		{ PHYS_LAPIC, phys_to_pfn(lapic), phys_to_pfn(lapic) + 1 },
		{ PHYS_KERNEL, phys_to_pfn(KERNEL_IMAGE_PHYS),
			virt_to_pfn(kernel_end + PAGE_SIZE - 1) },
		{ PHYS_FIRMWARE, 0, 1 },
		{ PHYS_TRAMPOLINE, phys_to_pfn(TRAMPOLINE_PHYS), phys_to_pfn(TRAMPOLINE_PHYS) + 1 },
	};

	if (i >= ARRAY_SIZE(places))
		return false;
	*place = places[i];
	return true;
}

bool phys_is_taken(phys_t address)
{
	struct phys_piece place;
	pfn_t pfn = phys_to_pfn(address);

	for (u32 i = 0; phys_place(i, &place); i++)
		if (place.kind != PHYS_LAPIC && pfn >= place.start && pfn < place.end)
			return true;
	return false;
}

bool phys_kind_is_ram(enum phys_kind kind) { return kind <= PHYS_MODULE; }

const char *phys_kind_name(enum phys_kind kind)
{
	static const char *const names[] = {
		[PHYS_RAM] = "RAM",
		[PHYS_FIRMWARE] = "the firmware's data",
		[PHYS_TRAMPOLINE] = "the page through which CPUs start",
		[PHYS_KERNEL] = "the kernel",
		[PHYS_MODULE] = "a boot module",
		[PHYS_ISA_HOLE] = "the screen or the firmware",
		[PHYS_LAPIC] = "the local APIC",
		[PHYS_HOLE] = "no RAM",
		[PHYS_UNREACHABLE] = "what no page-table entry reaches",
	};

	return names[kind];
}

static pfn_t module_start(const struct boot_module *module) { return phys_to_pfn(module->start); }

static pfn_t module_end(const struct boot_module *module)
{
	return phys_to_pfn(module->end + PAGE_SIZE - 1);
}

/* All places, known ones first; false after the last.  A module with a fault is an empty place. */
static bool place_or_module(u32 i, struct phys_piece *place)
{
	const struct boot_module *module;
	u32 known = 0;

	for (; phys_place(known, place); known++)
		if (known == i)
			return true;
	if (i - known >= bootinfo.nmodules)
		return false;
	module = &bootinfo.module[i - known];
	*place = (struct phys_piece){ PHYS_MODULE, module_start(module), module_end(module) };
	if (module->fault)
		place->end = place->start;
	return true;
}

bool pfn_is_ram(pfn_t pfn)
{
	for (u32 i = 0; i < bootinfo.nranges; i++)
		if (pfn >= bootinfo.range[i].start && pfn < bootinfo.range[i].end)
			return true;
	return false;
}

u32 ram_pages_between(pfn_t start, pfn_t end)
{
	u32 pages = 0;

	for (u32 i = 0; i < bootinfo.nranges; i++) {
		pfn_t from = MAX(bootinfo.range[i].start, start),
		      to = MIN(bootinfo.range[i].end, end);

		pages += from < to ? to - from : 0;
	}
	return pages;
}

static enum phys_kind kind_of(pfn_t pfn)
{
	bool ram = pfn_is_ram(pfn);
	struct phys_piece place;

	for (u32 i = 0; place_or_module(i, &place); i++)
		if (pfn >= place.start && pfn < place.end)
			return phys_kind_is_ram(place.kind) && !ram ? PHYS_HOLE : place.kind;
	return ram ? PHYS_RAM : PHYS_HOLE;
}

enum phys_kind phys_kind_at(phys_t address)
{
	return phys_reachable(address) ? kind_of(phys_to_pfn(address)) : PHYS_UNREACHABLE;
}

/* The nearer one of `nearest` and `border`, if that lies behind pfn. */
static pfn_t nearer(pfn_t pfn, pfn_t border, pfn_t nearest)
{
	return border > pfn && border < nearest ? border : nearest;
}

/* The first border of a place or of a range of RAM behind pfn, or `end`. */
static pfn_t border_behind(pfn_t pfn, pfn_t end)
{
	struct phys_piece place;

	for (u32 i = 0; place_or_module(i, &place); i++)
		end = nearer(pfn, place.start, nearer(pfn, place.end, end));
	for (u32 i = 0; i < bootinfo.nranges; i++)
		end = nearer(pfn, bootinfo.range[i].start, nearer(pfn, bootinfo.range[i].end, end));
	return end;
}

struct phys_piece phys_piece_at(pfn_t start, pfn_t end)
{
	struct phys_piece piece = { kind_of(start), start, start };

	ASSERT(start < end, "frames 0x%x to 0x%x", start, end);
	do
		piece.end = border_behind(piece.end, end);
	while (piece.end < end && kind_of(piece.end) == piece.kind);
	return piece;
}

u32 phys_pages_of(enum phys_kind kind, pfn_t start, pfn_t end)
{
	struct phys_piece piece;
	u32 pages = 0;

	for (; start < end; start = piece.end) {
		piece = phys_piece_at(start, end);
		pages += piece.kind == kind ? piece.end - piece.start : 0;
	}
	return pages;
}

/* What is wrong with a module taken by itself, or NULL.  No module is a place yet. */
static const char *fault_alone(const struct boot_module *module, pfn_t end)
{
	struct phys_piece piece;

	if (module_end(module) > end)
		return "beyond the memory in use";
	if (module_start(module) < phys_to_pfn(KERNEL_IMAGE_PHYS))
		return "lies where the kernel or the firmware does";
	piece = phys_piece_at(module_start(module), module_end(module));
	/* The second look is for a module that begins in RAM. */
	if (piece.kind == PHYS_RAM && piece.end < module_end(module))
		piece = phys_piece_at(piece.end, module_end(module));
	if (piece.kind == PHYS_RAM)
		return NULL;
	return piece.kind == PHYS_HOLE ? "is not in RAM"
				       : "lies where the kernel or the firmware does";
}

/* Which of the two would a common page belong to? */
static bool shares_a_page(u32 n, const char *const *fault)
{
	const struct boot_module *module = &bootinfo.module[n];

	for (u32 i = 0; i < bootinfo.nmodules; i++)
		if (i != n && !fault[i] && module_start(&bootinfo.module[i]) < module_end(module) &&
			module_start(module) < module_end(&bootinfo.module[i]))
			return true;
	return false;
}

void physmap_judge_modules(pfn_t end)
{
	const char *fault[BOOT_MAX_MODULES];

	for (u32 n = 0; n < bootinfo.nmodules; n++)
		bootinfo.module[n].fault = "not looked at";
	for (u32 n = 0; n < bootinfo.nmodules; n++)
		fault[n] = fault_alone(&bootinfo.module[n], end);
	for (u32 n = 0; n < bootinfo.nmodules; n++)
		bootinfo.module[n].fault = fault[n]                  ? fault[n]
					   : shares_a_page(n, fault) ? "shares a page with another"
								     : NULL;
}
