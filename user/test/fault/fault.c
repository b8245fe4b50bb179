/* Exceptions of user mode, each of which goes to the pager and ends the test with its vector. */
#include "user/test/test.h"

void user_cli(void);
void user_hlt(void);
void user_in(void);
void user_break(void);
void user_undefined(void);
void user_divide(void);
void user_step(void);
void user_fpu(void);
void user_kernel_segment(void);
void user_write_cr0(void);

static void read_null(void)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): on purpose */
	(void)READ_ONCE(*AS_POINTER(0));
}
static void read_kernel(void) { (void)READ_ONCE(*AS_POINTER(0xC0100000)); }
static void write_kernel(void) { WRITE_ONCE(*AS_POINTER(0xC0100000), 0); }
static void jump_to_kernel(void) { ((void (*)(void))0xC0100000)(); }

static void write_text(void) { WRITE_ONCE(*AS_POINTER(ALIGN_DOWN((u32)write_text, 4u)), 0); }

static void write_constant(void)
{
	static const u32 constant = 1;

	WRITE_ONCE(*AS_POINTER(&constant), 0);
}

/* Down to the stack's last page: the pager brings them all. */
static void deep_stack(void)
{
	u32 top = ALIGN_DOWN((u32)__builtin_frame_address(0), PAGE) - PAGE;

	for (u32 at = top; at > STACK_BOTTOM; at -= PAGE)
		WRITE_ONCE(*AS_POINTER(at - PAGE), at);
	for (u32 at = top; at > STACK_BOTTOM; at -= PAGE)
		CHECK_EQUAL(*AS_POINTER(at - PAGE), at);
}

static void stack_overflow(void) { WRITE_ONCE(*AS_POINTER(STACK_BOTTOM - 4), 1); }

static const struct test tests[] = {
	{ "fault.read_null", read_null, STATUS_KILLED + 14 },
	{ "fault.read_kernel", read_kernel, STATUS_KILLED + 14 },
	{ "fault.write_kernel", write_kernel, STATUS_KILLED + 14 },
	{ "fault.jump_to_kernel", jump_to_kernel, STATUS_KILLED + 14 },
	{ "fault.write_text", write_text, STATUS_KILLED + 14 },
	{ "fault.write_constant", write_constant, STATUS_KILLED + 14 },
	{ "fault.deep_stack", deep_stack, 0 },
	{ "fault.stack_overflow", stack_overflow, STATUS_KILLED + 14 },
	{ "fault.divide", user_divide, STATUS_KILLED + 0 },
	{ "fault.step", user_step, STATUS_KILLED + 1 },
	{ "fault.break", user_break, STATUS_KILLED + 3 },
	{ "fault.undefined", user_undefined, STATUS_KILLED + 6 },
	{ "fault.fpu", user_fpu, STATUS_KILLED + 7 },
	{ "fault.cli", user_cli, STATUS_KILLED + 13 },
	{ "fault.hlt", user_hlt, STATUS_KILLED + 13 },
	{ "fault.in", user_in, STATUS_KILLED + 13 },
	{ "fault.segment", user_kernel_segment, STATUS_KILLED + 13 },
	{ "fault.cr0", user_write_cr0, STATUS_KILLED + 13 },
};
TEST_LIST(fault_tests, tests);
