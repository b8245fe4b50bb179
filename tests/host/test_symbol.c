/* user/proc/symbol.c: names that are there, and that damage is never read beyond the file. */
#include "host.h"

#include "user/proc/symbol.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* System V ABI, figures 4-3, 4-9 and 4-16. */
#define SECTIONS 0x40u
#define SYMBOLS 0x100u
#define NAMES 0x180u
#define SIZE 0x1A0u

static void put32(u8 *file, u32 at, u32 value) { memcpy(file + at, &value, 4); }

static void put_section(u8 *file, u32 number, u32 type, u32 offset, u32 size, u32 link)
{
	u32 at = SECTIONS + number * 40;

	put32(file, at + 4, type);
	put32(file, at + 16, offset);
	put32(file, at + 20, size);
	put32(file, at + 24, link);
}

static void put_symbol(u8 *file, u32 number, u32 name, u32 value, u32 size, u8 info)
{
	u32 at = SYMBOLS + number * 16;

	put32(file, at, name);
	put32(file, at + 4, value);
	put32(file, at + 8, size);
	file[at + 12] = info;
	file[at + 14] = 1;
}

static u8 *good_file(void)
{
	u8 *file = calloc(1, SIZE);

	put32(file, 32, SECTIONS);
	file[48] = 3;
	put_section(file, 1, 2, SYMBOLS, 0x40, 2);
	put_section(file, 2, 3, NAMES, 0x20, 0);
	put_symbol(file, 1, 1, 0x1000, 0x20, 0x12);
	put_symbol(file, 2, 6, 0x1020, 0x10, 0x02);
	put_symbol(file, 3, 11, 0x1030, 0x10, 0x11); /* an object, no function */
	memcpy(file + NAMES, "\0main\0walk\0data\0", 16);
	return file;
}

static void finds_names(void **state)
{
	u8 *file = good_file();
	u32 start;

	(void)state;
	CHECK(!strcmp(elf_symbol(file, SIZE, 0x1000, &start), "main") && start == 0x1000, "main");
	CHECK(!strcmp(elf_symbol(file, SIZE, 0x101F, &start), "main"), "main's end");
	CHECK(!strcmp(elf_symbol(file, SIZE, 0x1020, &start), "walk") && start == 0x1020, "walk");
	CHECK(!elf_symbol(file, SIZE, 0x1030, &start), "an object is no function");
	CHECK(!elf_symbol(file, SIZE, 0xFFF, &start), "nothing is there");
	CHECK(!elf_symbol(file, 20, 0x1000, &start), "no file");
	free(file);
}

static void stays_inside(void **state)
{
	(void)state;
	random_begin(72);
	for (test_step = 0; test_step < rounds(20000); test_step++) {
		u32 size = one_in(2) ? SIZE : random_below(SIZE + 1), start;
		u8 *whole = good_file(), *file = malloc(size);
		const char *name;

		for (u32 i = random_below(4); i; i--)
			put32(whole, random_below(SIZE / 4) * 4,
				one_in(2) ? random_u32() : random_below(SIZE));
		memcpy(file, whole, size);
		name = elf_symbol(file, size, 0x1000 + random_below(0x40), &start);
		if (name)
			CHECK(strlen(name) < SIZE, "a name without an end");
		free(file);
		free(whole);
	}
}

const struct CMUnitTest symbol_tests[] = {
	cmocka_unit_test(finds_names),
	cmocka_unit_test(stays_inside),
};
const size_t symbol_test_count = ARRAY_SIZE(symbol_tests);
