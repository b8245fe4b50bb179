/* lib/elf.c: a program that is right, each thing that can be wrong with it, and random damage. */
#include "fake/machine.h"
#include "host.h"

#include "lib/elf.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FILE_SIZE 0x2100u
/* Places in the file (System V ABI, figures 4-3 and 5-1), as 32-bit words but for halves. */
enum { CLASS = 4, TYPE = 16, MACHINE = 18, VERSION = 20, ENTRY = 24, HEADERS = 28 };
enum { HEADER_SIZE = 40, ENTRY_SIZE = 42, COUNT = 44, FIRST = 52, SECOND = 84, THIRD = 116 };
enum {
	P_TYPE = 0,
	P_OFFSET = 4,
	P_ADDRESS = 8,
	P_FILE = 16,
	P_MEMORY = 20,
	P_FLAGS = 24,
	P_ALIGN = 28
};

static void put16(u8 *file, u32 at, u32 value) { memcpy(file + at, &(u16){ (u16)value }, 2); }
static void put32(u8 *file, u32 at, u32 value) { memcpy(file + at, &value, 4); }

static void put_segment(u8 *file, u32 at, const u32 word[8]) { memcpy(file + at, word, 32); }

/* Code, then data with bytes that are not in the file. */
static u8 *good_file(void)
{
	u8 *file = calloc(1, FILE_SIZE);

	memcpy(file, "\177ELF\1\1\1", 7);
	put16(file, TYPE, 2);
	put16(file, MACHINE, 3);
	put32(file, VERSION, 1);
	put32(file, ENTRY, 0x08048010);
	put32(file, HEADERS, FIRST);
	put16(file, HEADER_SIZE, 52);
	put16(file, ENTRY_SIZE, 32);
	put16(file, COUNT, 3);
	put_segment(file, FIRST, (u32[8]){ 1, 0x1000, 0x08048000, 0, 0x800, 0x800, 5, 0x1000 });
	put_segment(file, SECOND, (u32[8]){ 1, 0x2010, 0x08049010, 0, 0xF0, 0x2000, 6, 0x1000 });
	put_segment(file, THIRD, (u32[8]){ 0x6474E551, 0, 0, 0, 0, 0, 6, 16 }); /* PT_GNU_STACK */
	return file;
}

static void reads_a_program(void **state)
{
	u8 *file = good_file();
	struct elf_program program;
	const char *fault = elf_read(file, FILE_SIZE, &program);

	(void)state;
	CHECK(!fault, "%s", fault);
	CHECK_EQUAL(program.entry, 0x08048010);
	CHECK_EQUAL(program.segments, 2);
	CHECK_EQUAL(program.segment[0].prot, PROT_READ | PROT_EXEC);
	CHECK_EQUAL(program.segment[1].start, 0x08049000);
	CHECK_EQUAL(program.segment[1].pages, 3);
	CHECK_EQUAL(program.segment[1].skip, 0x10);
	CHECK_EQUAL(program.segment[1].size, 0xF0);
	CHECK_EQUAL(program.segment[1].prot, PROT_READ | PROT_WRITE);
	CHECK(program.segment[1].data == file + 0x2010, "data");
	free(file);
}

static const struct {
	u32 at, bytes, value;
	const char *fault;
} broken[] = {
	{ 0, 1, 0, "no ELF" },
	{ CLASS, 1, 2, "i386" },
	{ CLASS + 1, 1, 2, "i386" },
	{ CLASS + 2, 1, 0, "version" },
	{ TYPE, 2, 3, "fixed addresses" },
	{ MACHINE, 2, 62, "i386" },
	{ VERSION, 4, 2, "version" },
	{ HEADER_SIZE, 2, 51, "size" },
	{ ENTRY_SIZE, 2, 31, "size" },
	{ ENTRY_SIZE, 2, 0, "size" },
	{ COUNT, 2, 0, "inside the file" },
	{ COUNT, 2, 0xFFFF, "inside the file" },
	{ HEADERS, 4, FILE_SIZE - 95, "inside the file" },
	{ HEADERS, 4, FILE_SIZE - 92, "inside the file" },
	{ HEADERS, 4, 0xFFFFFFFC, "inside the file" },
	{ ENTRY, 4, 0x08049010, "entry" },
	{ ENTRY, 4, 0x08048800, "entry" },
	{ ENTRY, 4, 0x08047FFF, "entry" },
	{ ENTRY, 4, 0, "entry" },
	{ FIRST + P_TYPE, 4, 2, "static" },
	{ FIRST + P_TYPE, 4, 3, "static" },
	{ FIRST + P_TYPE, 4, 0, "entry" },
	{ FIRST + P_FLAGS, 4, 7, "both" },
	{ FIRST + P_FLAGS, 4, 4, "entry" },
	{ FIRST + P_FILE, 4, 0x801, "more bytes" },
	{ FIRST + P_OFFSET, 4, 0x2000, "inside the file" },
	{ FIRST + P_OFFSET, 4, 0xFFFFF000, "inside the file" },
	{ FIRST + P_OFFSET, 4, 0x1001, "pages" },
	{ FIRST + P_ALIGN, 4, 0x1001, "power of two" },
	{ FIRST + P_ADDRESS, 4, 0xF000, "user space" },
	{ FIRST + P_ADDRESS, 4, 0xC0000000, "user space" },
	{ FIRST + P_ADDRESS, 4, 0xFFFFF000, "user space" },
	{ FIRST + P_ADDRESS, 4, 0x08049000, "overlap" },
	{ FIRST + P_ADDRESS, 4, 0x0804C000, "overlap" },
	{ FIRST + P_MEMORY, 4, 0x1001, "overlap" },
	{ SECOND + P_MEMORY, 4, USER_END - 0x08049010 + 1, "user space" },
	{ SECOND + P_MEMORY, 4, 0xFFFFFFFF, "user space" },
};

static void refuses_what_is_wrong(void **state)
{
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(broken); i++) {
		u8 *file = good_file();
		struct elf_program program;
		const char *fault;

		memcpy(file + broken[i].at, &broken[i].value, broken[i].bytes);
		fault = elf_read(file, FILE_SIZE, &program);
		CHECK(fault && strstr(fault, broken[i].fault), "case %u: %s", i, fault);
		free(file);
	}
}

static void borders(void **state)
{
	u8 *file = good_file();
	struct elf_program program;
	const char *fault;

	(void)state;
	put32(file, SECOND + P_MEMORY, USER_END - 0x08049010);
	fault = elf_read(file, FILE_SIZE, &program);
	CHECK(!fault, "up to the end of user space: %s", fault);
	CHECK_EQUAL(program.segment[1].start + program.segment[1].pages * 4096u, USER_END);
	put32(file, FIRST + P_MEMORY, 0x1000);
	put32(file, ENTRY, 0x080487FF);
	fault = elf_read(file, FILE_SIZE, &program);
	CHECK(!fault, "next to each other: %s", fault);
	for (u32 size = 0; size < 148; size++)
		CHECK(elf_read(file, size, &program), "%u bytes are a program", size);
	put16(file, COUNT, 3 + ELF_SEGMENTS);
	for (u32 i = 0; i < ELF_SEGMENTS; i++)
		put_segment(file, 148 + 32 * i,
			(u32[8]){ 1, 0, 0xA0000000 + 4096 * i, 0, 0, 1, 4, 4096 });
	put32(file, SECOND + P_MEMORY, 0x2000);
	fault = elf_read(file, FILE_SIZE, &program);
	CHECK(fault && strstr(fault, "too many"), "%s", fault);
	free(file);
}

/* Whatever is accepted lies in the file and in user space. */
static void check_program(const struct elf_program *program, const u8 *file)
{
	u32 end = USER_START;

	for (u32 i = 0; i < program->segments; i++) {
		const struct elf_segment *segment = &program->segment[i];

		CHECK(segment->start >= end && segment->pages &&
				segment->pages <= (USER_END - segment->start) / 4096,
			"segment %u", i);
		end = segment->start + segment->pages * 4096;
		CHECK(segment->data >= file && segment->data <= file + FILE_SIZE &&
				segment->size <= (u32)(file + FILE_SIZE - segment->data),
			"data of %u", i);
		CHECK((u64)segment->skip + segment->size <= segment->pages * 4096ull, "size of %u",
			i);
		CHECK((segment->prot & (PROT_WRITE | PROT_EXEC)) != (PROT_WRITE | PROT_EXEC),
			"W+X");
	}
}

static void random_damage(void **state)
{
	static const u32 values[] = { 0, 1, 4095, 4096, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF,
		FILE_SIZE, USER_START, USER_END, USER_END - 4096 };
	u32 accepted = 0;

	(void)state;
	random_begin(62);
	for (test_step = 0; test_step < rounds(20000); test_step++) {
		u8 *file = good_file();
		struct elf_program program;

		for (u32 i = 1 + random_below(3); i; i--)
			put32(file, random_below(36) * 4,
				one_in(2) ? values[random_below(ARRAY_SIZE(values))]
					  : random_u32() >> random_below(32));
		if (!elf_read(file, FILE_SIZE, &program)) {
			check_program(&program, file);
			accepted++;
		}
		free(file);
	}
	CHECK(accepted > 100, "only %u were accepted", accepted);
}

const struct CMUnitTest elf_tests[] = {
	cmocka_unit_test(reads_a_program),
	cmocka_unit_test(refuses_what_is_wrong),
	cmocka_unit_test(borders),
	cmocka_unit_test(random_damage),
};
const size_t elf_test_count = ARRAY_SIZE(elf_tests);
