/*
 * The console's devices change hands: with the serial line's ports a task gets them, and the
 * kernel's text goes to the log alone.
 */
#include "user/test/fellow.h"

#define LINE_PORT 0x3F8u
#define LINE_PORTS 8u
#define SLOT_OTHER (SLOT_FELLOW + 2)
#define SAID "# this line stands in the log before a device shows it\n"

/* Without its text, so that nothing counts as shown. */
static struct info_log ask_log(u32 from)
{
	struct info_log log;

	EXPECT(0, sys_info(SLOT_SYSTEM, INFO_LOG, from, (u32)&log, sizeof(log)));
	return log;
}

/* Nobody prints meanwhile. */
static u32 log_end(void)
{
	static char all[sizeof(struct info_log) + 0x4000];
	struct result got = EXPECT(0, sys_info(SLOT_SYSTEM, INFO_LOG, 0, (u32)all, sizeof(all)));

	return ((struct info_log *)(void *)all)->first + got.word0 - sizeof(struct info_log);
}

static u32 unshown(void) { return ask_log(0).unshown; }

static void say(void) { EXPECT(0, sys_ctl(0, SYS_PRINT, (u32)SAID, sizeof(SAID) - 1)); }

static void grant(u32 slot) { EXPECT(0, io_grant(SLOT_SYSTEM, slot, LINE_PORT, LINE_PORTS)); }

/* The driver: reads what nobody has shown, when it is told to.  A second time changes nothing. */
static void be_driver(void *unused)
{
	static char bytes[sizeof(struct info_log) + sizeof(SAID)];

	(void)unused;
	WAIT_FOR(shared->count);
	shared->result = sys_info(SLOT_F, INFO_LOG, shared->value[0], (u32)bytes, sizeof(bytes));
	sys_info(SLOT_F, INFO_LOG, 0, (u32)bytes, sizeof(bytes));
	shared->done = 1;
	pause_us(TIMEOUT_NEVER - 1);
}

static void devices_change_hands(void)
{
	struct fellow driver = { .slot = SLOT_FELLOW, .area = 60, .run = be_driver };
	u32 end;

	EXPECT(0, handle_copy(0, SLOT_F, SLOT_SYSTEM, RIGHTS_ALL, 0));
	fellow_start(&driver);
	end = log_end();
	CHECK_EQUAL(unshown(), end);
	grant(SLOT_FELLOW);
	say();
	CHECK_EQUAL(unshown(), end);
	CHECK_EQUAL(log_end(), end + sizeof(SAID) - 1);
	CHECK_EQUAL(unshown(), end); /* it is not the driver that has read */

	shared->value[0] = end;
	shared->count = 1;
	WAIT_FOR(shared->done);
	CHECK_EQUAL(shared->result.error, 0);
	end = log_end();
	CHECK_EQUAL(unshown(), end);

	say();
	CHECK_EQUAL(unshown(), end);
	fellow_end(SLOT_FELLOW);
	WAIT_FOR(unshown() == log_end());
}

/* Each of two tasks has them; the kernel, when both are gone. */
static void two_drivers(void)
{
	struct fellow one = { .slot = SLOT_FELLOW, .area = 60, .run = be_driver };
	struct fellow other = { .slot = SLOT_OTHER, .area = 61, .run = be_driver };
	u32 end = log_end(), tasks;

	fellow_make(&one);
	fellow_make(&other);
	grant(SLOT_FELLOW);
	grant(SLOT_FELLOW);
	grant(SLOT_OTHER);
	say();
	tasks = count_tasks();
	fellow_end(SLOT_FELLOW);
	WAIT_FOR(count_tasks() == tasks - 1);
	CHECK_EQUAL(unshown(), end);
	fellow_end(SLOT_OTHER);
	WAIT_FOR(unshown() == log_end());
}

/* The other ports of the line, and the screen's, leave them to the kernel. */
static void other_ports(void)
{
	EXPECT(0, io_grant(SLOT_SYSTEM, 0, LINE_PORT + 1, LINE_PORTS - 1));
	EXPECT(0, io_grant(SLOT_SYSTEM, 0, 0x3D4, 2));
	say();
	CHECK_EQUAL(unshown(), log_end());
}

static const struct test tests[] = {
	{ "console.changes_hands", devices_change_hands, 0 },
	{ "console.two_drivers", two_drivers, 0 },
	{ "console.other_ports", other_ports, 0 },
};
TEST_LIST(console_tests, tests);
