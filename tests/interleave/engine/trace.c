/* Readable traces: names of functions and variables come from the program's own symbol table. */
#include "access.h"
#include "machine.h"

#include "mm/pkmap/highmem.h"
#include "scenario.h"

#include <elf.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool tracing, brief;

static char *file;
static const Elf64_Sym *symbols;
static size_t nsymbols;
static const char *names;

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *bytes;
	long size;

	if (!f)
		return NULL;
	fseek(f, 0, SEEK_END);
	size = ftell(f);
	rewind(f);
	bytes = malloc((size_t)size);
	if (fread(bytes, 1, (size_t)size, f) != (size_t)size)
		bytes = NULL;
	fclose(f);
	return bytes;
}

void names_init(void)
{
	const Elf64_Shdr *sections;

	file = read_file("/proc/self/exe");
	if (!file)
		return;
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)file;

	sections = (const Elf64_Shdr *)(file + header->e_shoff);
	for (u32 i = 0; i < header->e_shnum; i++)
		if (sections[i].sh_type == SHT_SYMTAB) {
			symbols = (const Elf64_Sym *)(file + sections[i].sh_offset);
			nsymbols = sections[i].sh_size / sizeof(*symbols);
			names = file + sections[sections[i].sh_link].sh_offset;
		}
}

static const Elf64_Sym *symbol_at(uintptr_t at)
{
	for (size_t i = 0; i < nsymbols; i++) {
		u32 type = ELF64_ST_TYPE(symbols[i].st_info);

		if ((type == STT_FUNC || type == STT_OBJECT) &&
			at - symbols[i].st_value < symbols[i].st_size)
			return &symbols[i];
	}
	return NULL;
}

static void name_frame(char *text, size_t size, u32 frame, u32 offset)
{
	const char *first = (const char *)kernel_pte(PKMAP_BASE);
	u32 table = (u32)(((const char *)frame_address(frame) - first) / PAGE_SIZE);

	if (m.pkmap_tables & (1u << frame))
		snprintf(text, size, "entry of slot %u%s",
			(u32)(table * PTRS_PER_PTE + offset / sizeof(pte_t)),
			offset % sizeof(pte_t) ? " (upper half)" : "");
	else
		snprintf(text, size, "frame %u, byte %u", frame, offset);
}

static bool name_page(char *text, size_t size, uintptr_t at)
{
	static const struct {
		size_t offset;
		const char *name;
	} fields[] = {
		{ offsetof(struct page, virtual), "address" },
		{ offsetof(struct page, flags), "flags" },
		{ offsetof(struct page, count), "count" },
	};
	u32 frame = (u32)((at - (uintptr_t)mem_map) / sizeof(struct page));
	size_t offset = (at - (uintptr_t)mem_map) % sizeof(struct page);

	if (at < (uintptr_t)mem_map || frame >= FRAMES)
		return false;
	snprintf(text, size, "%s %u, byte %zu of its struct page",
		frame < FIRST_HIGH ? "frame" : "page",
		frame < FIRST_HIGH ? frame : frame - FIRST_HIGH, offset);
	for (u32 i = 0; i < ARRAY_SIZE(fields); i++)
		if (fields[i].offset == offset)
			snprintf(text, size, "%s %u's %s", frame < FIRST_HIGH ? "frame" : "page",
				frame < FIRST_HIGH ? frame : frame - FIRST_HIGH, fields[i].name);
	return true;
}

static bool name_percpu(char *text, size_t size, uintptr_t at)
{
	extern char __start_percpu[], __stop_percpu[];

	for (u32 cpu = 0; cpu < ncpus; cpu++) {
		uintptr_t template = at - percpu_offset[cpu];

		if (template >= (uintptr_t)__start_percpu && template <(uintptr_t)__stop_percpu) {
			const Elf64_Sym *symbol = symbol_at(template);

			snprintf(text, size, "%s of CPU %u", symbol ? names + symbol->st_name : "?",
				cpu);
			return true;
		}
	}
	return false;
}

const char *name_of(uintptr_t at)
{
	static char text[128];
	u32 frame, stack, below;

	if (frame_of(at, &frame)) {
		name_frame(text, sizeof(text), frame, (u32)(at & (PAGE_SIZE - 1)));
		return text;
	}
	if (name_page(text, sizeof(text), at) || name_percpu(text, sizeof(text), at))
		return text;
	if (stack_of_address(at, &stack, &below)) {
		snprintf(text, sizeof(text), "stack of %s %u, -%u",
			stack < MAX_CPUS ? "CPU" : "thread",
			stack < MAX_CPUS ? stack : stack - MAX_CPUS, below);
		return text;
	}
	if (at - (uintptr_t)pkmap_count < pkmap_slots * sizeof(pkmap_count[0])) {
		snprintf(text, sizeof(text), "pkmap_count[%u]",
			(u32)((at - (uintptr_t)pkmap_count) / sizeof(pkmap_count[0])));
		return text;
	}
	const Elf64_Sym *symbol = symbol_at(at);

	if (!symbol)
		snprintf(text, sizeof(text), "0x%lx", (unsigned long)at);
	else if (at == symbol->st_value)
		snprintf(text, sizeof(text), "%s", names + symbol->st_name);
	else
		snprintf(text, sizeof(text), "%s+%u", names + symbol->st_name,
			(u32)(at - symbol->st_value));
	return text;
}

/* What only this CPU uses: its stack, its per-CPU variables.  A trace is long enough without. */
static bool is_own(uintptr_t at)
{
	char text[128];

	return on_own_stack(at) || name_percpu(text, sizeof(text), at);
}

static void print_head(uintptr_t place)
{
	const struct cpu *c = &m.cpu[running_cpu];
	const Elf64_Sym *symbol = place ? symbol_at(place) : NULL;

	printf("  %*sCPU %u%s %-24s ", (int)running_cpu * 4, "", running_cpu,
		c->in_handler ? " irq" : "    ", symbol ? names + symbol->st_name : "");
	if (brief && symbol)
		printf("@%lx ", (unsigned long)place);
}

void trace(const char *what, uintptr_t at, u32 size, uintptr_t place)
{
	if (!tracing || !on_cpu || (size && is_own(at)))
		return;
	print_head(place);
	printf("%s %s", what, at > 15 ? name_of(at) : "");
	if (at <= 15 && at)
		printf("%lu", (unsigned long)at);
	if (size)
		printf(" = 0x%llx", (unsigned long long)peek(at, size > 8 ? 8 : size));
	printf("\n");
}

void trace_visible(u32 cpu)
{
	const struct store *store = &stores[cpu][0];

	if (!tracing)
		return;
	printf("  %*sCPU %u      ", (int)cpu * 4, "", cpu);
	if (store->size)
		printf("... its store to %s becomes visible: 0x%llx\n", name_of(store->at),
			(unsigned long long)store->value);
	else
		printf("... its interrupt reaches CPU %u\n", (u32)store->at);
}

void trace_text(const char *fmt, ...)
{
	va_list args;

	if (!tracing)
		return;
	print_head(0);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
}
