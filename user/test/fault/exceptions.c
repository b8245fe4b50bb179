/* Every exception that a program can raise, many in one test: trial.h. */
#include "lib/format.h"
#include "user/lib/kernel_call.h"
#include "user/test/fault/trial.h"

#define VECTOR_PAGE 14u

/* Name, vector. */
/* clang-format off */
#define INSTRUCTIONS(X)                                                                            \
	X(nothing, ALL_WELL)                                                                       \
	X(divide, 0) X(divide_most, 0) X(step, 1) X(break, 3) X(int3, 3) X(into, 4) X(bound, 5)    \
	X(undefined, 6) X(fpu, 7) X(fwait, 7) X(fninit, 7)
#define PRIVILEGED(X)                                                                              \
	X(cli, 13) X(sti, 13) X(hlt, 13) X(clts, 13) X(wbinvd, 13) X(invlpg, 13) X(rdmsr, 13)      \
	X(wrmsr, 13) X(ltr, 13) X(lldt, 13) X(lgdt, 13) X(lidt, 13) X(lmsw, 13) X(read_cr0, 13)    \
	X(write_cr0, 13) X(write_cr3, 13) X(write_cr4, 13) X(write_dr7, 13) X(in, 13) X(out, 13)   \
	X(insb, 13)
#define GATES(X)                                                                                   \
	X(int1, 13) X(int14, 13) X(int20, 13) X(int81, 13) X(intff, 13) X(far_kernel, 13)          \
	X(far_tss, 13) X(far_null, 13) X(iret_task, 10) X(kernel_segment, 13)
/*
 * QEMU's TCG before 9.1 reads the frame as the kernel would, so that SMAP forbids it: then the
 * exception is a page fault.
 */
#define RETURNS(X)                                                                                 \
	X(iret_kernel, bad_return) X(iret_null, bad_return) X(iret_data, bad_return)               \
	X(iret_beyond, bad_return) X(lret_kernel, bad_return)
#define STACKS(X)                                                                                  \
	X(stack_ud, 6) X(stack_push, VECTOR_PAGE) X(stack_kernel, VECTOR_PAGE)                     \
	X(stack_wraps, VECTOR_PAGE)
/* clang-format on */

#define DECLARE(name, vector) void user_##name(void);
INSTRUCTIONS(DECLARE)
PRIVILEGED(DECLARE) GATES(DECLARE) RETURNS(DECLARE) STACKS(DECLARE) bool user_has_smap(void);
DECLARE(sysexit, 0)
DECLARE(misaligned, 0)

#define TRY(name, vector) trial_expect(#name, user_try(user_##name), vector);
static void try_instructions(void *unused)
{
	(void)unused;
	INSTRUCTIONS(TRY)
}

static void try_privileged(void *unused)
{
	(void)unused;
	PRIVILEGED(TRY)
}

static void try_gates(void *unused)
{
	(void)unused;
	GATES(TRY)
}

static void try_returns(void *unused)
{
	u32 got = user_try(user_iret_kernel);
	u32 bad_return = user_has_smap() && got == VECTOR_PAGE ? VECTOR_PAGE : 13;

	(void)unused;
	RETURNS(TRY)
}

static void try_stacks(void *unused)
{
	(void)unused;
	STACKS(TRY)
}

/* A CPU without sysexit does not know the instruction; QEMU's TCG knows it on all. */
static void try_sysexit(void *unused)
{
	u32 got = user_try(user_sysexit);

	(void)unused;
	trial_expect("sysexit", got, got == 6 && !kernel_call_has_sysenter() ? 6 : 13);
}

/* QEMU's TCG of some versions checks no alignment; nothing but 17 may come. */
static void try_alignment(void *unused)
{
	u32 got = user_try(user_misaligned);

	(void)unused;
	if (got != ALL_WELL)
		trial_expect("misaligned", got, 17);
}

/* ---- Selectors ---- */

extern u32 user_selector;
void user_load_ds(void);
void user_load_es(void);
void user_load_fs(void);
void user_load_gs(void);
void user_load_ss(void);

#define USER_CODE 0x18u
#define USER_DATA 0x20u

/* A null selector can be loaded, but into ss; else only user mode's own two, code for reading. */
static bool may_load(u32 selector, bool stack)
{
	u32 descriptor = selector & ~3u;

	if (stack)
		return selector == (USER_DATA | 3);
	return !descriptor || descriptor == USER_CODE || descriptor == USER_DATA;
}

static void try_selector(u32 selector)
{
	static const struct {
		const char *name;
		void (*load)(void);
		bool stack;
	} segment[] = { { "ds", user_load_ds, false }, { "es", user_load_es, false },
		{ "fs", user_load_fs, false }, { "gs", user_load_gs, false },
		{ "ss", user_load_ss, true } };

	for (u32 i = 0; i < ARRAY_SIZE(segment); i++) {
		u32 wanted = may_load(selector, segment[i].stack) ? ALL_WELL : 13;
		u32 got;
		char name[24];

		user_selector = selector;
		got = user_try(segment[i].load);
		snprintf(name, sizeof(name), "%s 0x%x", segment[i].name, selector);
		trial_expect(name, got, wanted);
	}
}

static void try_selectors(void *unused)
{
	(void)unused;
	for (u32 selector = 0; selector < 0x200; selector++)
		try_selector(selector);
	for (u32 selector = 0x200; selector < 0x10000; selector = selector * 2 + 7)
		try_selector(selector & 0xFFFF);
	try_selector(0xFFFF);
}

#define TRIAL(what)                                                                                \
	static void what(void) { trial_run(try_##what); }
TRIAL(instructions)
TRIAL(privileged)
TRIAL(gates)
TRIAL(returns)
TRIAL(stacks)
TRIAL(sysexit)
TRIAL(alignment)
TRIAL(selectors)

/* ---- Flags, and calls from anywhere ---- */

u32 user_popf(u32 flags);

#define IF 0x200u
#define NT 0x4000u
#define IOPL 0x3000u

static void flags_of_the_kernel(void)
{
	/* IF and IOPL are not the program's; NT is. */
	CHECK_EQUAL(user_popf(0x002) & (IF | IOPL | NT), IF);
	CHECK_EQUAL(user_popf(0x202 | IOPL) & (IF | IOPL | NT), IF);
	CHECK_EQUAL(user_popf(0x202 | NT) & (IF | IOPL | NT), IF | NT);
}

u32 user_call_from(u32 stack, u32 flags, u32 sysenter);
extern u32 wanted_esp;

#define FLAGS 0x202u
#define TF 0x100u

static void calls_from(u32 sysenter)
{
	static const u32 stack[] = { 0, 3, 4, PAGE, 0x7FFFFFFF, 0xBFFFFFFF, USER_END, 0xC0100000,
		0xFFC00000, 0xFFFFFFFC, 0xFFFFFFFF };

	for (u32 i = 0; i < ARRAY_SIZE(stack); i++) {
		CHECK_EQUAL(user_call_from(stack[i], FLAGS, sysenter), 0);
		CHECK_EQUAL(wanted_esp, stack[i]);
	}
}

static void calls_from_any_stack(void)
{
	calls_from(0);
	if (kernel_call_has_sysenter())
		calls_from(1);
}

/* The step is taken once, in the kernel; the program goes on without. */
static void calls_with_trap_flag(void)
{
	for (u32 i = 0; i < 10; i++) {
		CHECK_EQUAL(user_call_from(0x1000, FLAGS | TF, 0), 0);
		if (kernel_call_has_sysenter())
			CHECK_EQUAL(user_call_from(0x1000, FLAGS | TF, 1), 0);
	}
}

static const struct test tests[] = {
	{ "exception.instructions", instructions, 0 },
	{ "exception.privileged", privileged, 0 },
	{ "exception.gates", gates, 0 },
	{ "exception.returns", returns, 0 },
	{ "exception.stacks", stacks, 0 },
	{ "exception.sysexit", sysexit, 0 },
	{ "exception.alignment", alignment, 0 },
	{ "exception.selectors", selectors, 0 },
	{ "exception.flags", flags_of_the_kernel, 0 },
	{ "entry.any_stack", calls_from_any_stack, 0 },
	{ "entry.trap_flag", calls_with_trap_flag, 0 },
};
TEST_LIST(exception_tests, tests);
