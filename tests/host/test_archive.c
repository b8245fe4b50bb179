/* lib/tar.c: what is found, what is refused, and that nothing is read beyond the archive. */
#include "fake/machine.h"
#include "host.h"

#include "lib/tar.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BLOCK 512u
/* Places in a header (POSIX.1-2017, pax, ustar Interchange Format). */
enum { NAME = 0, SIZE = 124, CHECKSUM = 148, TYPE = 156, MAGIC = 257, PREFIX = 345 };

/* Exactly as long as it is said to be, so that the sanitizer sees a read beyond it. */
struct archive {
	u8 *start;
	u32 size;
};

static void set_checksum(u8 *header)
{
	u32 total = 0;

	memset(header + CHECKSUM, ' ', 8);
	for (u32 i = 0; i < BLOCK; i++)
		total += header[i];
	sprintf((char *)header + CHECKSUM, "%06o", total);
}

static void add(struct archive *archive, const char *name, char type, const char *data)
{
	u32 length = (u32)strlen(data), blocks = 1 + (length + BLOCK - 1) / BLOCK;
	u8 *header;

	archive->start = realloc(archive->start, archive->size + blocks * BLOCK);
	header = archive->start + archive->size;
	memset(header, 0, blocks * BLOCK);
	memcpy(header + NAME, name, strlen(name));
	sprintf((char *)header + SIZE, "%011o", length);
	header[TYPE] = (u8)type;
	memcpy(header + MAGIC, "ustar\00000", 8);
	set_checksum(header);
	memcpy(header + BLOCK, data, length);
	archive->size += blocks * BLOCK;
}

static void end(struct archive *archive)
{
	archive->start = realloc(archive->start, archive->size + 2 * BLOCK);
	memset(archive->start + archive->size, 0, 2 * BLOCK);
	archive->size += 2 * BLOCK;
}

static struct archive three_files(void)
{
	struct archive archive = { 0 };

	add(&archive, "./bin/", '5', "");
	add(&archive, "./bin/one", '0', "the first");
	add(&archive, "two", 0, "");
	add(&archive, "bin/three", '0', "3");
	return archive;
}

static struct tar open_tar(const struct archive *archive)
{
	return (struct tar){ .start = archive->start, .size = archive->size };
}

static void finds_files(void **state)
{
	struct archive archive = three_files();
	struct tar tar = open_tar(&archive);
	struct tar_file file;
	u32 files = 0;

	(void)state;
	for (u32 ended = 0; ended < 2; ended++) {
		CHECK(tar_find(&tar, "bin/one", &file) && file.size == 9 &&
				!memcmp(file.data, "the first", 9),
			"bin/one");
		CHECK(tar_find(&tar, "two", &file) && file.size == 0, "two");
		CHECK(tar_find(&tar, "bin/three", &file) && *file.data == '3', "bin/three");
		CHECK(!tar_find(&tar, "bin/", &file) && !tar.fault, "a folder is no file");
		CHECK(!tar_find(&tar, "bin/on", &file) && !tar.fault, "bin/on");
		end(&archive);
		tar = open_tar(&archive);
	}
	while (tar_next(&tar, &file))
		files++;
	CHECK_EQUAL(files, 4);
	free(archive.start);
}

static void joins_long_names(void **state)
{
	struct archive archive = { 0 };
	char name[TAR_NAME_SIZE];
	struct tar_file file;
	struct tar tar;

	(void)state;
	add(&archive, "", '0', "x");
	memset(archive.start + NAME, 'n', 100);
	memset(archive.start + PREFIX, 'p', 155);
	set_checksum(archive.start);
	memset(name, 'p', 155);
	name[155] = '/';
	memset(name + 156, 'n', 100);
	name[256] = 0;
	tar = open_tar(&archive);
	CHECK(tar_find(&tar, name, &file), "%s", tar.fault);
	free(archive.start);
}

/* Each breaks the second file of an archive; the first is found all the same. */
static const struct {
	u32 at;
	const char *bytes;
	bool sum_too; /* the checksum is made right again */
	const char *fault;
} broken[] = {
	{ NAME, "B", false, "wrong checksum" },
	{ CHECKSUM, "x", false, "wrong checksum" },
	{ MAGIC, "usta ", true, "ustar" },
	{ MAGIC + 5, " ", true, "ustar" },
	{ SIZE, "0000000000x", true, "no number" },
	{ SIZE, "           ", true, "no number" },
	{ SIZE, "40000000000", true, "no number" },
	{ SIZE, "37777777777", true, "larger" },
	{ SIZE, "00000001001", true, "larger" },
	{ NAME, "/bin", true, "name" },
	{ NAME, "../a", true, "name" },
	{ NAME, "a/..", true, "name" },
	{ NAME, "a\nbc", true, "name" },
};

static void refuses_damage(void **state)
{
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(broken); i++) {
		struct archive archive = { 0 };
		struct tar_file file;
		struct tar tar;
		u8 *second;

		add(&archive, "good", '0', "1");
		add(&archive, "next", '0', "2");
		second = archive.start + 2 * BLOCK;
		memcpy(second + broken[i].at, broken[i].bytes, strlen(broken[i].bytes));
		if (broken[i].sum_too)
			set_checksum(second);
		tar = open_tar(&archive);
		CHECK(tar_find(&tar, "good", &file), "case %u", i);
		CHECK(!tar_find(&tar, "next", &file), "case %u is found", i);
		CHECK(tar.fault && strstr(tar.fault, broken[i].fault), "case %u: %s", i, tar.fault);
		CHECK(!tar_next(&tar, &file), "case %u: goes on after damage", i);
		free(archive.start);
	}
}

/* An archive that is cut anywhere, or has any byte changed, is never read beyond its end. */
static void stays_inside(void **state)
{
	(void)state;
	random_begin(61);
	for (test_step = 0; test_step < rounds(3000); test_step++) {
		struct archive whole = three_files(),
			       cut = { .size = random_below(whole.size + 1) };
		struct tar_file file;
		struct tar tar;

		cut.start = malloc(cut.size);
		memcpy(cut.start, whole.start, cut.size);
		for (u32 i = random_below(3); i && cut.size; i--) {
			u8 *header = cut.start + random_below(cut.size) / BLOCK * BLOCK;

			if (header + BLOCK > cut.start + cut.size)
				continue;
			header[one_in(2) ? SIZE + random_below(12) : random_below(BLOCK)] =
				(u8)(one_in(2) ? '0' + random_below(8) : random_u32());
			set_checksum(header);
		}
		tar = open_tar(&cut);
		while (tar_next(&tar, &file))
			for (u32 i = 0; i < file.size; i++)
				CHECK(file.data + i < cut.start + cut.size, "beyond");
		free(cut.start);
		free(whole.start);
	}
}

const struct CMUnitTest archive_tests[] = {
	cmocka_unit_test(finds_files),
	cmocka_unit_test(joins_long_names),
	cmocka_unit_test(refuses_damage),
	cmocka_unit_test(stays_inside),
};
const size_t archive_test_count = ARRAY_SIZE(archive_tests);
