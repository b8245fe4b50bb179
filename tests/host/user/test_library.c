/* user/lib: paths, start-up objects, dates, numbers, sorting, traces. */
#include "host.h"
#include "user/lib/errno.h"
#include "user/lib/layout.h"
#include "user/lib/posix/path.h"
#include "user/lib/posix/trace.h"
#include "user/lib/startup.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* The names that fake/rename.h gives them, and struct tm as user/lib/c/time.h has it. */
struct tarn_tm {
	int sec, min, hour, mday, mon, year, wday, yday;
};
struct tarn_tm *tarn_gmtime_r(const u32 *seconds, struct tarn_tm *tm);
long tarn_strtol(const char *text, char **end, int base);
void tarn_qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *));
extern int tarn_errno;
int tarn_errno;

/* ---- Paths ---- */

static void paths(void **state)
{
	static const struct {
		const char *folder, *path, *whole;
	} rows[] = {
		{ "/", "a", "/a" },
		{ "/x/y", "a/b", "/x/y/a/b" },
		{ "/x/y", "/a", "/a" },
		{ "/x/y", "..", "/x" },
		{ "/x", "../..", "/" },
		{ "/x", "../../a", "/a" },
		{ "/x", ".", "/x" },
		{ "/x", "./a/./b//c/", "/x/a/b/c" },
		{ "/x", "...", "/x/..." },
		{ "/x", ".a", "/x/.a" },
		{ "/", "//", "/" },
	};
	char whole[PATH_MAX];

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		CHECK(path_whole(rows[i].folder, rows[i].path, whole), "row %u", i);
		CHECK(!strcmp(whole, rows[i].whole), "%s from %s is %s, not %s", rows[i].path,
			rows[i].folder, whole, rows[i].whole);
	}
}

static void long_paths(void **state)
{
	char path[PATH_MAX + 2], whole[PATH_MAX];

	(void)state;
	for (u32 length = PATH_MAX - 4; length < PATH_MAX + 1; length++) {
		memset(path, 'a', sizeof(path));
		path[length] = 0;
		/* With '/' before it and 0 behind it. */
		CHECK_EQUAL(path_whole("/", path, whole), length + 2 <= PATH_MAX);
	}
}

/* ---- Start-up objects ---- */

static void start_up_object(void **state)
{
	const char *const arguments[] = { "ls", "", "-l", NULL };
	const char *const variables[] = { "A=b", NULL };
	struct startup_plan plan = {
		.path = "/bin/ls", .folder = "/x", .argument = arguments, .variable = variables
	};
	static u32 block[64];
	struct startup *startup = (struct startup *)block;
	char *list[4];
	u32 size = startup_write(startup, sizeof(block), &plan);

	(void)state;
	CHECK(size && startup_is_valid(startup, size), "%u bytes", size);
	startup_strings(startup, 1, startup->arguments, list);
	for (u32 i = 0; i < 3; i++)
		CHECK(!strcmp(list[i], arguments[i]), "argument %u is %s", i, list[i]);
	CHECK(!list[3], "the list ends");
	CHECK(!strcmp(startup_string(startup, 0), "/bin/ls"), "the path");
	CHECK(!strcmp(startup_string(startup, 4), "A=b"), "the variable");
	CHECK(!strcmp(startup_string(startup, 5), "/x"), "the folder");
	for (u32 room = sizeof(*startup); room < size; room++)
		CHECK(!startup_write(startup, room, &plan), "%u bytes are too few", room);
}

static void damaged_start_up_objects(void **state)
{
	const char *const arguments[] = { "a", NULL };
	static u32 block[64];
	struct startup *startup = (struct startup *)block;
	u32 size = startup_write(startup, sizeof(block),
		&(struct startup_plan){ .path = "p", .folder = "/", .argument = arguments });

	(void)state;
	startup->arguments = 2;
	CHECK(!startup_is_valid(startup, size), "an argument that is not there");
	startup->arguments = 0xFFFFFFFFu;
	startup->variables = 2;
	CHECK(!startup_is_valid(startup, size), "counts that wrap around");
	startup->arguments = 1;
	startup->variables = 0;
	CHECK(startup_is_valid(startup, size), "as it was");
	CHECK(!startup_is_valid(startup, size - 1), "cut");
	((char *)startup)[size - 1] = 'x';
	CHECK(!startup_is_valid(startup, size), "no end");
}

/* ---- Dates, numbers, sorting: as the host has them ---- */

static void dates(void **state)
{
	(void)state;
	random_begin(72);
	for (test_step = 0; test_step < rounds(20000); test_step++) {
		u32 seconds = random_u32() & 0x7FFFFFFFu;
		time_t same = (time_t)seconds;
		struct tarn_tm tm;
		struct tm expected;

		tarn_gmtime_r(&seconds, &tm);
		gmtime_r(&same, &expected);
		CHECK(tm.sec == expected.tm_sec && tm.min == expected.tm_min &&
				tm.hour == expected.tm_hour && tm.mday == expected.tm_mday &&
				tm.mon == expected.tm_mon && tm.year == expected.tm_year &&
				tm.wday == expected.tm_wday && tm.yday == expected.tm_yday,
			"second %u", seconds);
	}
}

/* Beyond 31 bits: 2100 has no 29 February. */
static void no_leap_year(void **state)
{
	u32 seconds = 4107542400u;
	struct tarn_tm tm;

	(void)state;
	tarn_gmtime_r(&seconds, &tm);
	CHECK(tm.year == 200 && tm.mon == 2 && tm.mday == 1 && tm.yday == 59, "%d-%d-%d", tm.year,
		tm.mon, tm.mday);
}

static void numbers(void **state)
{
	static const char *const texts[] = { "0", "17", "-17", "+5", " \t8x", "0x1F", "0x", "0xg",
		"017", "09", "x", "", "-", "2147483647", "-2147483647", "ff", "zz", "-0" };
	static const int bases[] = { 0, 8, 10, 16, 36 };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(texts); i++)
		for (u32 j = 0; j < ARRAY_SIZE(bases); j++) {
			char *end, *expected_end;
			long expected = strtol(texts[i], &expected_end, bases[j]);
			long got = tarn_strtol(texts[i], &end, bases[j]);

			expected = MAX(MIN(expected, 0x7FFFFFFFl), -0x7FFFFFFFl - 1);
			CHECK(got == expected && end == expected_end,
				"\"%s\" with base %d is %ld, %d bytes", texts[i], bases[j], got,
				(int)(end - texts[i]));
		}
	tarn_errno = 0;
	CHECK_EQUAL(tarn_strtol("2147483648", NULL, 10), 2147483647);
	CHECK_EQUAL(tarn_errno, ERANGE);
	CHECK(tarn_strtol("-99999999999999999999999", NULL, 10) == -2147483647 - 1, "the lowest");
	tarn_errno = 0;
	CHECK(tarn_strtol("-2147483648", NULL, 10) == -2147483647 - 1, "the lowest itself");
	CHECK_EQUAL(tarn_errno, 0);
}

static int compare(const void *a, const void *b) { return memcmp(a, b, 3); }

static void sorting(void **state)
{
	u8 items[100][3], expected[100][3];

	(void)state;
	random_begin(73);
	for (test_step = 0; test_step < rounds(300); test_step++) {
		u32 count = random_below(ARRAY_SIZE(items) + 1);

		for (u32 i = 0; i < count; i++)
			for (u32 j = 0; j < 3; j++)
				items[i][j] = expected[i][j] = (u8)random_below(4);
		tarn_qsort(items, count, 3, compare);
		qsort(expected, count, 3, compare);
		CHECK(!memcmp(items, expected, count * 3), "%u items", count);
	}
}

/* ---- Traces ---- */

static void traces(void **state)
{
	static const char path[] = "/bin\n";
	static struct message message;
	struct result in = { CALL_ipc_call | SLOT_FS << 8, TIMEOUT_NEVER, TAG(7u, 4u, 1u), 33,
		0x5000 };
	char text[200];

	(void)state;
	message.item[0] =
		(struct message_item){ ITEM_STRING, (u32)(uintptr_t)path, sizeof(path) - 1, 0 };
	trace_text(&in, &message, text, sizeof(text));
	CHECK(!strcmp(text, "ipc_call(endpoint fs, tag FS_STAT \"/bin.\", word0 33, word1 0x5000, "
			    "timeout never)"),
		"%s", text);
	in.error = CALL_handle_copy | 20u << (8 + HANDLE_BITS);
	trace_text(&in, &message, text, sizeof(text));
	CHECK(!strcmp(text,
		      "handle_copy(task 0, slot 20, source 33, rights 0x440007, badge 0x5000)"),
		"%s", text);
	CHECK_EQUAL(trace_text(&in, &message, text, 10), 9);
	CHECK_EQUAL(strlen(text), 9);
	in.error = 99;
	trace_text(&in, &message, text, sizeof(text));
	CHECK(!strcmp(text, "call 99()"), "%s", text);
}

const struct CMUnitTest library_tests[] = {
	cmocka_unit_test(paths),
	cmocka_unit_test(long_paths),
	cmocka_unit_test(start_up_object),
	cmocka_unit_test(damaged_start_up_objects),
	cmocka_unit_test(dates),
	cmocka_unit_test(no_leap_year),
	cmocka_unit_test(numbers),
	cmocka_unit_test(sorting),
	cmocka_unit_test(traces),
};
const size_t library_test_count = ARRAY_SIZE(library_tests);
