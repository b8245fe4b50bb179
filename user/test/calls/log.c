/* The kernel's last output, as sys_info LOG tells it; what is printed. */
#include "lib/string.h"
#include "user/lib/print.h"
#include "user/test/test.h"

#define KEPT 0x4000u
#define LINE "# a line that the log has too\n"

static union {
	struct info_log log;
	char bytes[sizeof(struct info_log) + KEPT];
} all, again;

/* How much text there is from `from` on; it lies in `to`. */
static u32 read_log(void *to, u32 size, u32 from)
{
	struct result got = EXPECT(0, sys_info(SLOT_SYSTEM, INFO_LOG, from, (u32)to, size));

	CHECK(got.word0 >= sizeof(struct info_log) && got.word0 <= size, "%u bytes", got.word0);
	return got.word0 - sizeof(struct info_log);
}

/* What is printed is the end of it. */
static void log_has_what_was_printed(void)
{
	u32 before = read_log(&all, sizeof(all), 0), end = all.log.first + before, n;

	EXPECT(0, sys_ctl(0, SYS_PRINT, (u32)LINE, sizeof(LINE) - 1));
	n = read_log(&again, sizeof(again), end);
	CHECK_EQUAL(again.log.first, end);
	CHECK(n == sizeof(LINE) - 1 && !memcmp(again.log.text, LINE, n), "%u bytes: %.*s", n,
		(int)n, again.log.text);
	/* Nothing else yet, and what is yet to come begins there. */
	CHECK_EQUAL(read_log(&again, sizeof(again), end + n), 0);
	CHECK_EQUAL(read_log(&again, sizeof(again), end + n + 1), 0);
	CHECK_EQUAL(again.log.first, end + n);
}

/* Read in small buffers it is the same text. */
static void log_in_pieces(void)
{
	u32 n = read_log(&all, sizeof(all), 0), at = 0, got;
	char piece[sizeof(struct info_log) + 300];

	CHECK(n > sizeof(piece), "only %u bytes", n);
	while ((got = read_log(piece, sizeof(piece), all.log.first + at))) {
		CHECK_EQUAL(((struct info_log *)(void *)piece)->first, all.log.first + at);
		CHECK(!memcmp(piece + sizeof(struct info_log), all.log.text + at, got),
			"other text at byte %u", at);
		at += got;
	}
	CHECK_EQUAL(at, n);
}

static void log_needs_system(void)
{
	make_endpoint(SLOT_A);
	EXPECT(EBADH, sys_info(0, INFO_LOG, 0, (u32)&all, sizeof(all)));
	EXPECT(EBADH, sys_info(SLOT_A, INFO_LOG, 0, (u32)&all, sizeof(all)));
	EXPECT(0, handle_copy(0, SLOT_B, SLOT_SYSTEM, RIGHT_MANAGE, 0));
	EXPECT(EPERM, sys_info(SLOT_B, INFO_LOG, 0, (u32)&all, sizeof(all)));
	EXPECT(EINVAL, sys_info(SLOT_SYSTEM, INFO_LOG, 0, (u32)&all, sizeof(struct info_log) - 1));
	EXPECT(EFAULT, sys_info(SLOT_SYSTEM, INFO_LOG, 0, USER_END, sizeof(all)));
}

static void print_has_a_limit(void)
{
	static char text[PRINT_MAX + 1];

	EXPECT(0, sys_ctl(0, SYS_PRINT, (u32)text, 0));
	EXPECT(EINVAL, sys_ctl(0, SYS_PRINT, (u32)text, sizeof(text)));
}

static const struct test tests[] = {
	{ "log.printed", log_has_what_was_printed, 0 },
	{ "log.pieces", log_in_pieces, 0 },
	{ "log.print_limit", print_has_a_limit, 0 },
	{ "log.arguments", log_needs_system, 0 },
};
TEST_LIST(log_tests, tests);
