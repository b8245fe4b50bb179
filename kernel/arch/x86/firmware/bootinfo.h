/*
 * What the boot loader left, copied out of its memory into ours: nothing of the loader's but the
 * modules themselves is needed after step 1.  Source: Multiboot Specification 0.6.96, 3.3.
 */
#ifndef ARCH_X86_BOOTINFO_H
#define ARCH_X86_BOOTINFO_H

#include "arch/x86/paging/page.h"

#define MULTIBOOT_LOADER_MAGIC 0x2BADB002u
#define BOOT_MAX_RANGES 64u
#define BOOT_MAX_MODULES 16u
#define BOOT_CMDLINE_SIZE 1024u
#define BOOT_NAME_SIZE 64u

/* A range of usable RAM in whole pages (rounded inward), sorted, disjoint. */
struct ram_range {
	pfn_t start, end; /* end is the first page after it */
};

struct boot_module {
	phys_t start, end; /* bytes */
	char name[BOOT_NAME_SIZE];
	const char *fault; /* why it cannot be used, or NULL: physmap_judge_modules() */
};

struct bootinfo {
	char loader[BOOT_NAME_SIZE];
	char cmdline[BOOT_CMDLINE_SIZE]; /* without the kernel's file name; whole words */
	u32 cmdline_lost;                /* characters for which there was no room */
	u32 nranges;
	struct ram_range range[BOOT_MAX_RANGES];
	/*
	 * Usable RAM, as the loader reported it, in bytes: all of it, and what of it lies in no
	 * range.
	 */
	u64 ram_bytes;
	u64 unreachable; /* beyond what entries reach */
	u64 fragments;   /* in pages that are RAM in part only */
	u64 left_out;    /* in ranges for which there was no room */
	u32 nmodules, modules_left_out;
	struct boot_module module[BOOT_MAX_MODULES];
};
extern struct bootinfo bootinfo;

/*
 * Reads the Multiboot structure at physical `info`.  Calls use_cmdline(bootinfo.cmdline) as soon as
 * the command line is copied, so that `exit` counts for what follows.  Panics where the loader is
 * not Multiboot or gave no memory map.  Step 1, boot CPU.
 */
void bootinfo_read(u32 magic, u32 info, void (*use_cmdline)(const char *line));

#endif
