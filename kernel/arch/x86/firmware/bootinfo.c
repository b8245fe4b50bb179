/*
 * Reading what the Multiboot loader left.
 *
 * Structure, tables and strings may lie anywhere below 4 GiB and may hold anything: all is read
 * through phys_read() in pieces of bounded size, and what makes no sense is named and passed over.
 * The memory map is in rammap.c.
 */
#include "arch/x86/firmware/bootinfo.h"

#include "arch/x86/console/console.h"
#include "arch/x86/console/panic.h"
#include "arch/x86/firmware/discover.h"
#include "arch/x86/firmware/physmap.h"
#include "arch/x86/firmware/rammap.h"
#include "arch/x86/paging/fixmap.h"
#include "lib/assert.h"
#include "lib/string.h"

/* Bits of `flags`: which fields are there (Multiboot 0.6.96, 3.3). */
#define MB_MEMORY (1u << 0)
#define MB_CMDLINE (1u << 2)
#define MB_MODULES (1u << 3)
#define MB_MEMORY_MAP (1u << 6)
#define MB_LOADER_NAME (1u << 9)

#define MB_RAM 1u
/*
 * A memory map longer than this is nonsense; real ones have about ten entries, UEFI's a few
 * hundred.
 */
#define MB_MAX_ENTRIES 16384u
/* The same for boot modules. */
#define MB_MAX_MODULES 1024u
/*
 * A file name longer than this in front of the command line is not looked through, nor is what is
 * too long.
 */
#define MAX_FIRST_WORD 4096u
#define MAX_LOST 65536u

struct mb_info {
	u32 flags;
	u32 mem_lower, mem_upper; /* KiB from 0 and from 1 MiB */
	u32 boot_device;
	u32 cmdline;
	u32 mods_count, mods_addr;
	u32 symbols[4];
	u32 mmap_length, mmap_addr;
	u32 drives_length, drives_addr;
	u32 config_table;
	u32 boot_loader_name;
} __packed;

struct mb_module {
	u32 start, end, name, reserved;
} __packed;

/* `size` counts the bytes behind itself. */
struct mb_map_entry {
	u32 size;
	u64 base, length;
	u32 type;
} __packed;

struct bootinfo bootinfo;

/* A string in the loader's memory, read in aligned pieces so that no read crosses a page. */
struct text {
	phys_t at;
	phys_t loaded; /* address of the piece */
	char piece[64];
};

static struct text text_open(phys_t at) { return (struct text){ .at = at, .loaded = ~(phys_t)0 }; }

/* The next character; 0 at the end, and where memory cannot be read. */
static char text_peek(struct text *text)
{
	phys_t piece = ALIGN_DOWN(text->at, sizeof(text->piece));

	if (piece != text->loaded) {
		if (!phys_read(text->piece, piece, sizeof(text->piece)))
			return 0;
		text->loaded = piece;
	}
	return text->piece[text->at - piece];
}

static void text_skip_blanks(struct text *text)
{
	while (text_peek(text) == ' ')
		text->at++;
}

static void text_skip_word(struct text *text)
{
	for (u32 n = 0; n < MAX_FIRST_WORD && text_peek(text) && text_peek(text) != ' '; n++)
		text->at++;
}

/* How much is left. */
static u32 text_rest(struct text *text)
{
	u32 n = 0;

	for (; n < MAX_LOST && text_peek(text); n++)
		text->at++;
	return n;
}

/* Copies the rest into buf; true if it did not all fit. */
static bool text_copy(struct text *text, char *buf, size_t size)
{
	size_t n = 0;

	for (; n < size - 1 && text_peek(text); n++, text->at++)
		buf[n] = text_peek(text);
	buf[n] = 0;
	return text_peek(text) != 0;
}

static void read_loader_name(const struct mb_info *info)
{
	struct text text = text_open(info->boot_loader_name);

	if (info->flags & MB_LOADER_NAME)
		text_copy(&text, bootinfo.loader, sizeof(bootinfo.loader));
}

/*
 * QEMU's -kernel and ISOLINUX's mboot.c32 put the kernel's file name in front of the command line,
 * GRUB does not.  Such a name is told by its '/' or '.', which no option's name has.
 */
static bool at_file_name(struct text text)
{
	for (u32 n = 0; n < MAX_FIRST_WORD; n++, text.at++) {
		char c = text_peek(&text);

		if (c == '/' || c == '.')
			return true;
		if (!c || c == ' ' || c == '=')
			return false;
	}
	return false;
}

/*
 * The line was cut before `next`.  Half a word would be another option, so it goes; returns its
 * length.
 */
static u32 drop_half_word(char *line, char next)
{
	size_t length = strlen(line), n = length;

	if (next != ' ')
		while (n && line[n - 1] != ' ')
			n--;
	line[n] = 0;
	return (u32)(length - n);
}

static void read_cmdline(const struct mb_info *info)
{
	struct text text = text_open(info->cmdline);

	if (!(info->flags & MB_CMDLINE))
		return;
	text_skip_blanks(&text);
	/* More than one word where a folder's name has a blank. */
	while (at_file_name(text)) {
		text_skip_word(&text);
		text_skip_blanks(&text);
	}
	if (!text_copy(&text, bootinfo.cmdline, sizeof(bootinfo.cmdline)))
		return;
	bootinfo.cmdline_lost =
		drop_half_word(bootinfo.cmdline, text_peek(&text)) + text_rest(&text);
	pr_warn("command line: too long, its last %u characters are left out\n",
		bootinfo.cmdline_lost);
}

static phys_t module_entry(const struct mb_info *info, u32 n)
{
	return info->mods_addr + (phys_t)n * sizeof(struct mb_module);
}

/* False, with a message, for an entry that cannot be used. */
static bool read_module(u32 index, phys_t entry)
{
	struct boot_module *module = &bootinfo.module[bootinfo.nmodules];
	struct mb_module raw;
	struct text text;

	if (!phys_read(&raw, entry, sizeof(raw))) {
		pr_warn("boot module %u: its entry at 0x%llx cannot be read\n", index, entry);
		return false;
	}
	if (raw.end <= raw.start) {
		pr_warn("boot module %u: ends at 0x%08x, but starts at 0x%08x\n", index, raw.end,
			raw.start);
		return false;
	}
	module->start = raw.start;
	module->end = raw.end;
	text = text_open(raw.name);
	if (raw.name)
		text_copy(&text, module->name, sizeof(module->name));
	return true;
}

static void report_modules_left_out(const struct mb_info *info, u32 first, u32 count)
{
	struct mb_module raw;
	u64 bytes = 0;

	for (u32 n = first; n < MIN(count, MB_MAX_MODULES); n++)
		if (phys_read(&raw, module_entry(info, n), sizeof(raw)) && raw.end > raw.start)
			bytes += raw.end - raw.start;
	pr_warn("%u boot modules, of which only %u are looked at: %u with %llu KiB are left out\n",
		count, first, count - first, bytes >> 10);
}

static void read_modules(const struct mb_info *info)
{
	u32 count = info->flags & MB_MODULES ? info->mods_count : 0;
	u32 looked_at = MIN(count, BOOT_MAX_MODULES);

	for (u32 n = 0; n < looked_at; n++)
		if (read_module(n, module_entry(info, n)))
			bootinfo.nmodules++;
	bootinfo.modules_left_out = count - bootinfo.nmodules;
	if (count > looked_at)
		report_modules_left_out(info, looked_at, count);
}

/* Calls use(base, length) for each entry that is usable RAM, or for each that is not. */
static void each_map_entry(
	const struct mb_info *info, bool usable, void (*use)(u64 base, u64 length))
{
	phys_t at = info->mmap_addr, end = at + info->mmap_length;
	struct mb_map_entry entry;

	for (u32 n = 0; at + sizeof(entry) <= end; n++) {
		if (n == MB_MAX_ENTRIES || !phys_read(&entry, at, sizeof(entry)) ||
			entry.size < sizeof(entry) - sizeof(entry.size)) {
			if (usable)
				pr_warn("memory map: nonsense from entry %u at 0x%llx on, ignored\n",
					n, at);
			return;
		}
		if ((entry.type == MB_RAM) == usable)
			use(entry.base, entry.length);
		at += sizeof(entry.size) + entry.size;
	}
}

static void read_memory_map(const struct mb_info *info)
{
	if (info->flags & MB_MEMORY_MAP) {
		each_map_entry(info, true, rammap_add);
		/*
		 * After all of RAM, so that what is reserved wins in whatever order the entries
		 * stand.
		 */
		each_map_entry(info, false, rammap_remove);
	}
	if (rammap_empty() && (info->flags & MB_MEMORY)) {
		pr_warn("no memory map: using the boot loader's two sizes, %u KiB and %u KiB\n",
			info->mem_lower, info->mem_upper);
		rammap_add(0, KIB(info->mem_lower));
		rammap_add(MIB(1), KIB(info->mem_upper));
	}
	if (rammap_empty())
		panic("the boot loader gave no memory map and no memory sizes (Multiboot flags 0x%08x)",
			info->flags);
	physmap_set_lapic(lapic_base(LAPIC_DEFAULT_ADDRESS));
	rammap_correct();
	rammap_store();
}

void bootinfo_read(u32 magic, u32 info_address, void (*use_cmdline)(const char *line))
{
	struct mb_info info;

	if (magic != MULTIBOOT_LOADER_MAGIC)
		panic("not started by a Multiboot loader: eax was 0x%08x, not 0x%08x", magic,
			MULTIBOOT_LOADER_MAGIC);
	if (!phys_read(&info, info_address, sizeof(info)))
		panic("the boot loader's structure at 0x%08x cannot be read", info_address);
	read_loader_name(&info);
	read_cmdline(&info);
	use_cmdline(bootinfo.cmdline);
	read_modules(&info);
	read_memory_map(&info);
}
