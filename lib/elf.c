/* Program headers, checked: see elf.h. */
#include "lib/elf.h"

#include "lib/compiler.h"
#include "lib/string.h"

#define PAGE 4096u

struct elf_header {
	u8 magic[4], class, data, version, pad[9];
	u16 type, machine;
	u32 version_again, entry, program_headers, section_headers, flags;
	u16 header_size, entry_size, count, section_size, sections, names;
};
_Static_assert(sizeof(struct elf_header) == 52, "System V ABI, figure 4-3");

struct program_header {
	u32 type, offset, address, physical, file_size, memory_size, flags, align;
};
_Static_assert(sizeof(struct program_header) == 32, "System V ABI, figure 5-1");

/* System V ABI, figures 4-3 to 4-7, 5-2 and 5-3. */
enum { CLASS_32 = 1, LITTLE_ENDIAN_DATA = 1, VERSION_CURRENT = 1, TYPE_EXEC = 2, MACHINE_386 = 3 };
enum { SEGMENT_LOAD = 1, SEGMENT_DYNAMIC = 2, SEGMENT_INTERPRETER = 3 };
enum { FLAG_EXEC = 1, FLAG_WRITE = 2, FLAG_READ = 4 };

static const char *check_header(const struct elf_header *header, u32 size)
{
	if (memcmp(header->magic, "\177ELF", 4) != 0)
		return "no ELF file";
	if (header->class != CLASS_32 || header->data != LITTLE_ENDIAN_DATA ||
		header->machine != MACHINE_386)
		return "not for the i386";
	if (header->version != VERSION_CURRENT || header->version_again != VERSION_CURRENT)
		return "of an unknown version of ELF";
	if (header->type != TYPE_EXEC)
		return "not an executable at fixed addresses";
	if (header->header_size < sizeof(*header) ||
		header->entry_size != sizeof(struct program_header))
		return "headers of an unknown size";
	if (!header->count || header->program_headers % 4 || header->program_headers > size ||
		header->count > (size - header->program_headers) / header->entry_size)
		return "its program headers are not inside the file";
	return NULL;
}

static const char *check_load(const struct program_header *header, u32 size)
{
	if (header->file_size > header->memory_size)
		return "a segment has more bytes in the file than in memory";
	if (header->offset > size || header->file_size > size - header->offset)
		return "a segment is not inside the file";
	if (header->align & (header->align - 1))
		return "a segment's alignment is no power of two";
	if ((header->address ^ header->offset) % PAGE)
		return "a segment does not lie on pages as it does in the file";
	if (header->address < USER_START || header->address >= USER_END ||
		header->memory_size > USER_END - header->address)
		return "a segment is not inside user space";
	if ((header->flags & FLAG_WRITE) && (header->flags & FLAG_EXEC))
		return "a segment is both writable and executable";
	return NULL;
}

static u32 prot_of(u32 flags)
{
	return PROT_READ | (flags & FLAG_WRITE ? PROT_WRITE : 0u) |
	       (flags & FLAG_EXEC ? PROT_EXEC : 0u);
}

/* The System V ABI wants them in order of address (chapter 5, Program Header). */
static const char *add(
	const struct program_header *header, const u8 *file, struct elf_program *program)
{
	struct elf_segment *last = program->segment + program->segments;
	u32 skip = header->address % PAGE;

	if (program->segments == ELF_SEGMENTS)
		return "too many segments";
	if (program->segments && header->address - skip < last[-1].start + last[-1].pages * PAGE)
		return "segments overlap, share a page, or are out of order";
	*last = (struct elf_segment){
		.start = header->address - skip,
		.pages = (skip + header->memory_size + PAGE - 1) / PAGE,
		.prot = prot_of(header->flags),
		.skip = skip,
		.data = file + header->offset,
		.size = header->file_size,
	};
	program->segments++;
	return NULL;
}

static bool is_executable(const struct elf_program *program, u32 address)
{
	for (u32 i = 0; i < program->segments; i++) {
		const struct elf_segment *segment = &program->segment[i];

		if ((segment->prot & PROT_EXEC) && address - segment->start >= segment->skip &&
			address - segment->start - segment->skip < segment->size)
			return true;
	}
	return false;
}

static const char *read_segment(
	const struct program_header *header, const u8 *file, u32 size, struct elf_program *program)
{
	const char *fault;

	if (header->type == SEGMENT_DYNAMIC || header->type == SEGMENT_INTERPRETER)
		return "not static";
	if (header->type != SEGMENT_LOAD || !header->memory_size)
		return NULL;
	fault = check_load(header, size);
	return fault ? fault : add(header, file, program);
}

const char *elf_read(const void *file, u32 size, struct elf_program *program)
{
	struct elf_header header = { 0 };
	struct program_header segment = { 0 };
	const char *fault;

	memset(program, 0, sizeof(*program));
	if (size < sizeof(header))
		return "no ELF file";
	memcpy(&header, file, sizeof(header));
	fault = check_header(&header, size);
	for (u32 i = 0; !fault && i < header.count; i++) {
		memcpy(&segment, (const u8 *)file + header.program_headers + i * sizeof(segment),
			sizeof(segment));
		fault = read_segment(&segment, file, size, program);
	}
	if (fault)
		return fault;
	program->entry = header.entry;
	return is_executable(program, header.entry) ? NULL : "its entry is not in its code";
}
