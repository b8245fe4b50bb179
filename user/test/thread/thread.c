/* thread_create and thread_ctl: start, stop, registers, priorities, CPUs. */
#include "user/test/test.h"

static u32 count;

static void count_for_ever(void *argument)
{
	(void)argument;
	for (;;)
		WRITE_ONCE(count, count + 1);
}

static void wait_until_it_counts(void)
{
	u32 seen = READ_ONCE(count);

	while (READ_ONCE(count) == seen)
		yield();
}

static void stopped_threads_do_not_run(u32 cpu)
{
	u32 seen;

	start_thread(0, count_for_ever, NULL, 8, cpu);
	wait_until_it_counts();
	EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_STOP, 0, 0));
	seen = READ_ONCE(count);
	for (u32 i = 0; i < 1000; i++)
		yield();
	CHECK_EQUAL(READ_ONCE(count), seen);
	EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_START, 0, 0));
	wait_until_it_counts();
}

static void stop_on_this_cpu(void) { stopped_threads_do_not_run(0); }
static void stop_on_another_cpu(void) { stopped_threads_do_not_run(1); }

/* Whatever it was doing, its registers are those of user mode as soon as STOP has returned. */
static void stopped_threads_stand_still(u32 cpu)
{
	struct registers *registers = (struct registers *)message_own();
	u32 eip;

	start_thread(0, count_for_ever, NULL, 8, cpu);
	for (u32 i = 0; i < 300; i++) {
		EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_STOP, 0, 0));
		EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_GETREGS, 0, 0));
		eip = registers->eip;
		EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_SETREGS, 0, 0));
		EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_GETREGS, 0, 0));
		CHECK_EQUAL(registers->eip, eip);
		EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_START, 0, 0));
		if (i % 3 == 0)
			continue;
		wait_until_it_counts();
		EXPECT(EBUSY, thread_ctl(SLOT_THREADS, 0, THREAD_GETREGS, 0, 0));
	}
}

/* On this CPU it is ready, not running: before its first entry to user mode, or preempted. */
static void stop_and_look_on_this_cpu(void) { stopped_threads_stand_still(0); }
static void stop_and_look_on_another_cpu(void) { stopped_threads_stand_still(1); }

static void add_one(void *argument) { WRITE_ONCE(*(u32 *)argument, *(u32 *)argument + 1); }

static void threads_come_and_go(void)
{
	for (u32 i = 1; i <= 500; i++) {
		start_thread(i % 4, add_one, &count, 9, 0);
		while (READ_ONCE(count) != i)
			yield();
		/* It drops its own handle when it ends. */
		while (thread_ctl(SLOT_THREADS + i % 4, 0, THREAD_PRIO, 9, 0).error != EBADH)
			yield();
	}
}

static void registers_are_read_and_set(void)
{
	struct thread_plan plan = { 0, SLOT_THREADS, 8, 0, add_one, &count };
	struct registers *registers = (struct registers *)message_own();
	u32 other = 0;

	CHECK_EQUAL(thread_prepare(&plan), 0);
	EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_GETREGS, 0, 0));
	CHECK(IS_ALIGNED(registers->esp, 4u), "esp 0x%08x", registers->esp);
	/* Its stack: return address, function, argument. */
	CHECK_EQUAL(AS_POINTER(registers->esp)[2], &count);
	registers->esp -= 64;
	for (u32 i = 0; i < 4; i++)
		AS_POINTER(registers->esp)[i] = AS_POINTER(registers->esp + 64)[i];
	AS_POINTER(registers->esp)[2] = (u32)&other;
	registers->eflags = ~0u;
	EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_SETREGS, 0, 0));
	EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_GETREGS, 0, 0));
	/* CF PF AF ZF SF DF OF TF AC, and the two bits that user mode always has. */
	CHECK_EQUAL(registers->eflags & ~0x40DD5u, 0x202);
	registers->eflags = 0;
	EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_SETREGS, 0, 0));
	EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_START, 0, 0));
	while (!READ_ONCE(other))
		yield();
	CHECK_EQUAL(count, 0);
}

u32 user_registers_seen[2];
void user_tell_registers(void);

static void receive(void *unused)
{
	(void)unused;
	ipc_recv(SLOT_A, 0, TIMEOUT_NEVER);
}

/* ecx and edx too, though a call loses them. */
static void registers_are_set_in_a_call(void)
{
	struct registers *registers = (struct registers *)message_own();

	make_endpoint(SLOT_A);
	start_thread(0, receive, NULL, 8, 0);
	WAIT_STATE(SLOT_THREADS, WAITS_RECV);
	EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_GETREGS, 0, 0));
	registers->eip = (u32)user_tell_registers;
	registers->ecx = 0x11111111;
	registers->edx = 0x22222222;
	EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_SETREGS, 0, 0));
	EXPECT(0, ipc_send(SLOT_A, 0, 0, 0, TIMEOUT_POLL));
	WAIT_FOR(READ_ONCE(user_registers_seen[1]));
	CHECK_EQUAL(user_registers_seen[0], 0x11111111);
	CHECK_EQUAL(user_registers_seen[1], 0x22222222);
}

static void a_cpu_that_is_not_there(void)
{
	u32 page = TEST_PAGES + 0x400000;

	for (u32 cpu = cpu_count(); cpu < 32; cpu++)
		EXPECT(EINVAL, thread_create(0, SLOT_A, TEST_PAGES, TEST_PAGES,
				       page | 8 | cpu << PRIO_BITS, 0));
}

static void the_message_page_is_taken(void)
{
	struct thread_plan plan = { 0, SLOT_THREADS, 8, 0, add_one, &count };

	CHECK_EQUAL(thread_prepare(&plan), 0);
	plan.slot++;
	CHECK_EQUAL(thread_prepare(&plan), EEXIST);
}

static void priorities_have_a_limit(void)
{
	struct thread_plan plan = { 0, SLOT_THREADS, 31, 0, add_one, &count };

	CHECK_EQUAL(thread_prepare(&plan), EPERM);
	EXPECT(EPERM, thread_ctl(SLOT_THREAD, 0, THREAD_PRIO, 31, 0));
	EXPECT(EINVAL, thread_ctl(SLOT_THREAD, 0, THREAD_PRIO, 32, 0));
	EXPECT(0, thread_ctl(SLOT_THREAD, 0, THREAD_PRIO, 20, 0));
}

static void a_thread_moves(void)
{
	start_thread(0, count_for_ever, NULL, 8, 0);
	EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_CPU, cpu_count() - 1, 0));
	/* Now it counts while this CPU does not let it in. */
	for (u32 seen = READ_ONCE(count); READ_ONCE(count) < seen + 1000;)
		continue;
	EXPECT(EINVAL, thread_ctl(SLOT_THREADS, 0, THREAD_CPU, 31, 0));
}

static void divide(void *argument)
{
	(void)argument;
	__builtin_trap();
}

/* One thread's exception ends the task, as the pager here has it. */
static void an_exception_of_another_thread(void)
{
	make_endpoint(SLOT_A);
	start_thread(0, divide, NULL, 8, 1);
	ipc_recv(SLOT_A, 0, TIMEOUT_NEVER);
}

static const struct test tests[] = {
	{ "thread.stop", stop_on_this_cpu, 0 },
	{ "thread.stop_across", stop_on_another_cpu, 0 },
	{ "thread.stop_and_look", stop_and_look_on_this_cpu, 0 },
	{ "thread.stop_and_look_across", stop_and_look_on_another_cpu, 0 },
	{ "thread.many", threads_come_and_go, 0 },
	{ "thread.registers", registers_are_read_and_set, 0 },
	{ "thread.registers_in_a_call", registers_are_set_in_a_call, 0 },
	{ "thread.no_such_cpu", a_cpu_that_is_not_there, 0 },
	{ "thread.message_page", the_message_page_is_taken, 0 },
	{ "thread.priority", priorities_have_a_limit, 0 },
	{ "thread.move", a_thread_moves, 0 },
	{ "thread.exception", an_exception_of_another_thread, STATUS_KILLED + 6 },
};
TEST_LIST(thread_tests, tests);
