/*
 * What lies at a physical address: the one place that decides, and that everyone asks.
 *
 * What the kernel knows for certain comes first: its own image, the pages that it needs, the PC's
 * hole below 1 MiB, the local APIC.  Boot modules come next, as far as they are sound.  The boot
 * loader's memory map comes last.
 */
#ifndef ARCH_X86_PHYSMAP_H
#define ARCH_X86_PHYSMAP_H

#include "arch/x86/paging/page.h"

enum phys_kind {
	PHYS_RAM,         /* RAM in which nothing lies that must stay */
	PHYS_FIRMWARE,    /* RAM: interrupt table and data of the firmware (page 0) */
	PHYS_TRAMPOLINE,  /* RAM: where the other CPUs start */
	PHYS_KERNEL,      /* RAM: the kernel's image */
	PHYS_MODULE,      /* RAM: a boot module */
	PHYS_ISA_HOLE,    /* 640 KiB to 1 MiB: screen, adapters, firmware */
	PHYS_LAPIC,       /* the local APICs' page */
	PHYS_HOLE,        /* no RAM: a device, or nothing */
	PHYS_UNREACHABLE, /* beyond what page-table entries hold */
};

enum phys_kind phys_kind_at(phys_t address);
/* In words that fit behind "there lies": "the kernel", "no RAM". */
const char *phys_kind_name(enum phys_kind kind);

/* Frames [start, end) are of one kind. */
struct phys_piece {
	enum phys_kind kind;
	pfn_t start, end;
};
/* The longest piece that begins at `start`, cut at `end`.  start < end. */
struct phys_piece phys_piece_at(pfn_t start, pfn_t end);
/* Frames of that kind in [start, end). */
u32 phys_pages_of(enum phys_kind kind, pfn_t start, pfn_t end);

/* True if the frame is RAM, whatever lies in it. */
bool pfn_is_ram(pfn_t pfn);
/* Such frames in [start, end). */
u32 ram_pages_between(pfn_t start, pfn_t end);

/*
 * The places known for certain, i from 0 on; false after the last.  No place depends on the memory
 * map.
 */
bool phys_place(u32 i, struct phys_piece *place);
/*
 * True if one of them, other than the local APIC's page, lies there.  `address` must be in reach.
 */
bool phys_is_taken(phys_t address);
/* Of such a place: is there RAM under it, or never? */
bool phys_kind_is_ram(enum phys_kind kind);

/* Where the local APIC is, as soon as that is known; until then, where every one is after reset. */
#define LAPIC_DEFAULT_ADDRESS 0xFEE00000u
void physmap_set_lapic(phys_t address);

/*
 * Sets `fault` of each boot module: why it cannot be used, or NULL.  Only a module without fault
 * occupies its pages.  `end` is the first frame that the kernel does not use.
 */
void physmap_judge_modules(pfn_t end);

#endif
