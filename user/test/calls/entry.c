/* The way into the kernel, by both instructions: registers, flags, segments, unknown calls. */
#include "user/lib/kernel_call.h"
#include "user/test/test.h"

u32 user_flags_after(u32 flags, struct result *registers);
u32 user_segments_after(struct result *registers);

#define FLAGS 0x202u
#define DF 0x400u
#define NT 0x4000u
#define AC 0x40000u
#define CF 1u

/* A call that returns two words, the clock; what it does not return is 0. */
static struct result clock_call(void)
{
	return (struct result){ CALL_sys_ctl, 0xDEADBEEF, SYS_CLOCK, 0, 0 };
}

static void check_registers(void)
{
	struct result registers = clock_call();

	registers = kernel_call(registers);
	CHECK_EQUAL(registers.error, 0);
	CHECK_EQUAL(registers.badge, 0);
	CHECK_EQUAL(registers.tag, 0);
}

static void check_flags(void)
{
	static const u32 set[] = { 0, CF, DF, NT, AC, CF | DF | NT | AC };

	for (u32 i = 0; i < ARRAY_SIZE(set); i++) {
		struct result registers = clock_call();
		u32 flags = user_flags_after(set[i], &registers);

		CHECK(flags == FLAGS || (flags & ~0x8D5u) == FLAGS, "EFLAGS 0x%x after 0x%x", flags,
			set[i]);
		CHECK_EQUAL(registers.error, 0);
	}
}

static void check_segments(void)
{
	struct result registers = clock_call();

	CHECK_EQUAL(user_segments_after(&registers), 0);
}

static void check_unknown_calls(void)
{
	for (u32 number = 0; number < 256; number++) {
		struct result registers = { number, 1, 2, 3, 4 };

		if (number > 0 && number < CALL_NUMBERS)
			continue;
		registers = kernel_call(registers);
		CHECK(registers.error == EINVAL, "call %u: error %u", number, registers.error);
		CHECK(!registers.badge && !registers.tag && !registers.word0 && !registers.word1,
			"call %u returns something", number);
	}
}

static void check_all(void)
{
	check_registers();
	check_flags();
	check_segments();
	check_unknown_calls();
}

static void by_interrupt(void)
{
	kernel_call_choose(false);
	check_all();
}

/* Where the CPU has none, the other one again. */
static void by_sysenter(void)
{
	kernel_call_choose(kernel_call_has_sysenter());
	check_all();
}

static const struct test tests[] = {
	{ "entry.interrupt", by_interrupt, 0 },
	{ "entry.sysenter", by_sysenter, 0 },
};
TEST_LIST(entry_tests, tests);
