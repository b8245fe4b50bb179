/* The search through a symbol table: see symbol.h. */
#include "user/proc/symbol.h"

#include "lib/compiler.h"
#include "lib/string.h"

/* System V ABI, figures 4-3, 4-9, 4-10, 4-16 to 4-18. */
#define SECTION_HEADERS 32u /* in the file's header: offset of the section headers */
#define SECTION_COUNT 48u
#define SECTION_SYMBOLS 2u
#define TYPE_FUNCTION 2u

struct section {
	u32 name, type, flags, address, offset, size, link, info, align, entry_size;
};

struct symbol {
	u32 name, value, size;
	u8 info, other;
	u16 section;
};

/* `bytes` bytes at `offset`, or false: they are not all in the file. */
static bool read(const u8 *file, u32 size, u32 offset, void *to, u32 bytes)
{
	if (offset > size || bytes > size - offset)
		return false;
	memcpy(to, file + offset, bytes);
	return true;
}

static bool read_section(const u8 *file, u32 size, u32 number, struct section *section)
{
	u32 headers;

	return read(file, size, SECTION_HEADERS, &headers, sizeof(headers)) && headers <= size &&
	       number < size / sizeof(*section) &&
	       read(file, size, headers + number * (u32)sizeof(*section), section,
		       sizeof(*section)) &&
	       section->offset <= size && section->size <= size - section->offset;
}

static bool find_symbols(const u8 *file, u32 size, struct section *symbols)
{
	u16 count;

	if (!read(file, size, SECTION_COUNT, &count, sizeof(count)))
		return false;
	for (u32 i = 0; i < count; i++)
		if (read_section(file, size, i, symbols) && symbols->type == SECTION_SYMBOLS)
			return true;
	return false;
}

/* A text that ends inside its section; else NULL. */
static const char *text_at(const u8 *file, const struct section *texts, u32 at)
{
	const char *section = (const char *)file + texts->offset;

	for (u32 end = at; end < texts->size; end++)
		if (!section[end])
			return section + at;
	return NULL;
}

static bool contains(const struct symbol *symbol, u32 address)
{
	return (symbol->info & 15u) == TYPE_FUNCTION && symbol->section &&
	       address >= symbol->value && address - symbol->value < MAX(symbol->size, 1u);
}

const char *elf_symbol(const void *file, u32 size, u32 address, u32 *start)
{
	struct section symbols, texts;

	if (!find_symbols(file, size, &symbols) || !read_section(file, size, symbols.link, &texts))
		return NULL;
	for (u32 at = 0; at + sizeof(struct symbol) <= symbols.size; at += sizeof(struct symbol)) {
		struct symbol symbol = { 0 };

		memcpy(&symbol, (const u8 *)file + symbols.offset + at, sizeof(symbol));
		if (!contains(&symbol, address))
			continue;
		*start = symbol.value;
		return text_at(file, &texts, symbol.name);
	}
	return NULL;
}
