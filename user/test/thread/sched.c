/* Priorities, time slices, and threads that change their CPU. */
#include "user/test/fellow.h"

#define HIGH 12u
#define LOW 5u
#define OWN 8u /* of the test's own thread */

static u32 counts[4];

static void count_for_ever(void *n)
{
	for (;;)
		WRITE_ONCE(counts[(u32)n], counts[(u32)n] + 1);
}

static void add_one(void *n) { WRITE_ONCE(counts[(u32)n], counts[(u32)n] + 1); }

static void wait_in_a(void *n)
{
	ipc_recv(SLOT_A, 0, TIMEOUT_NEVER);
	add_one(n);
}

/* A thread of higher priority runs before the call that makes it ready returns. */
static void higher_runs_at_once(void)
{
	start_thread(0, add_one, (void *)0, HIGH, 0);
	CHECK_EQUAL(READ_ONCE(counts[0]), 1);
}

static void higher_is_woken(void)
{
	make_endpoint(SLOT_A);
	start_thread(0, wait_in_a, (void *)0, HIGH, 0);
	EXPECT(0, ipc_send(SLOT_A, 0, 0, 0, TIMEOUT_POLL));
	CHECK_EQUAL(READ_ONCE(counts[0]), 1);
}

static void wait_for_bit(void *n)
{
	notify_wait(SLOT_A, 1, TIMEOUT_NEVER);
	add_one(n);
}

static void higher_is_notified(void)
{
	make_notification(SLOT_A);
	start_thread(0, wait_for_bit, (void *)0, HIGH, 0);
	EXPECT(0, notify(SLOT_A, 1));
	CHECK_EQUAL(READ_ONCE(counts[0]), 1);
}

/* One of lower priority waits, through yields too, until the CPU is free. */
static void lower_waits(void)
{
	start_thread(0, add_one, (void *)0, LOW, 0);
	for (u32 i = 0; i < 1000; i++)
		yield();
	CHECK_EQUAL(READ_ONCE(counts[0]), 0);
	pause_us(20 * MS);
	CHECK_EQUAL(READ_ONCE(counts[0]), 1);
}

static void count_bits(void *n)
{
	for (;;) {
		notify_wait(SLOT_A, 1, TIMEOUT_NEVER);
		add_one(n);
	}
}

/* One of the same priority does not preempt: it waits for the end of the slice. */
static void equal_waits(void)
{
	u32 at_once = 0;

	make_notification(SLOT_A);
	start_thread(0, count_bits, (void *)0, OWN, 0);
	WAIT_STATE(SLOT_THREADS, WAITS_NOTE);
	for (u32 i = 0; i < 50; i++) {
		EXPECT(0, notify(SLOT_A, 1));
		at_once += READ_ONCE(counts[0]) != i;
		WAIT_FOR(READ_ONCE(counts[0]) == i + 1);
	}
	CHECK(at_once < 25, "%u of 50 at once", at_once);
}

static u32 order, order_of[4];

static void take_number(void *n) { order_of[(u32)n] = ++order; }

static void receive_and_answer(void *n)
{
	for (;;) {
		ipc_recv(SLOT_B, 90, TIMEOUT_NEVER);
		take_number(n);
		ipc_reply_recv(90, 0, 0, 0, 0, TIMEOUT_POLL);
	}
}

static void number_at_each_bit(void *n)
{
	for (;;) {
		notify_wait(SLOT_A, 1, TIMEOUT_NEVER);
		take_number(n);
	}
}

/*
 * Who is called is not before a thread of higher priority that is ready, on the long way of a
 * message (with a time-out) and on the short one.
 */
static void called_one_waits_for_higher(void)
{
	make_notification(SLOT_A);
	make_endpoint(SLOT_B);
	start_thread(0, receive_and_answer, (void *)0, LOW, 0);
	start_thread(1, number_at_each_bit, (void *)1, LOW + 1, 0);
	for (u32 i = 0; i < 2; i++) {
		WAIT_STATE(SLOT_THREADS, WAITS_RECV);
		WAIT_STATE(SLOT_THREADS + 1, WAITS_NOTE);
		EXPECT(0, notify(SLOT_A, 1));
		EXPECT(0, ipc_call(SLOT_B, 0, 0, 0, i ? TIMEOUT_NEVER : SOON));
		CHECK_EQUAL(order_of[1], 2 * i + 1);
		CHECK_EQUAL(order_of[0], 2 * i + 2);
	}
}

/* Answers 1 if counter 1 has moved meanwhile, without a pause of its own. */
static void answer_when_it_counts(void *unused)
{
	(void)unused;
	for (;;) {
		u32 seen;
		u64 until;

		ipc_recv(SLOT_B, 90, TIMEOUT_NEVER);
		seen = READ_ONCE(counts[1]);
		until = clock_now() + 5000 * MS;
		while (READ_ONCE(counts[1]) == seen && clock_now() < until)
			continue;
		ipc_reply_recv(
			90, 0, TAG(0u, 1u, 0u), READ_ONCE(counts[1]) != seen, 0, TIMEOUT_POLL);
	}
}

/* Who is called across CPUs runs on its own: one of low priority has the caller's meanwhile. */
static void called_one_stays_on_its_cpu(void)
{
	if (cpu_count() == 1)
		return;
	make_endpoint(SLOT_B);
	start_thread(0, answer_when_it_counts, NULL, OWN, cpu_count() - 1);
	start_thread(1, count_for_ever, (void *)1, LOW, 0);
	for (u32 i = 0; i < 2; i++) {
		WAIT_STATE(SLOT_THREADS, WAITS_RECV);
		CHECK_EQUAL(
			EXPECT(0, ipc_call(SLOT_B, 0, 0, 0, i ? TIMEOUT_NEVER : SOON)).word0, 1);
	}
}

/* Two are ready; the lower one is raised above the other. */
static void raised_while_ready(void)
{
	start_thread(0, take_number, (void *)0, LOW, 0);
	start_thread(1, take_number, (void *)1, LOW + 1, 0);
	EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_PRIO, LOW + 2, 0));
	pause_us(20 * MS);
	CHECK_EQUAL(order_of[0], 1);
	CHECK_EQUAL(order_of[1], 2);
}

static void raised_runs_at_once(void)
{
	start_thread(0, add_one, (void *)0, LOW, 0);
	CHECK_EQUAL(READ_ONCE(counts[0]), 0);
	EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_PRIO, HIGH, 0));
	CHECK_EQUAL(READ_ONCE(counts[0]), 1);
}

static void lowered_gives_way(void)
{
	start_thread(0, add_one, (void *)0, LOW, 0);
	CHECK_EQUAL(READ_ONCE(counts[0]), 0);
	EXPECT(0, thread_ctl(0, 0, THREAD_PRIO, LOW - 1, 0));
	CHECK_EQUAL(READ_ONCE(counts[0]), 1);
}

/* A timer of a higher thread comes while this one is in user mode, and never calls. */
static void sleep_and_add(void *n)
{
	pause_us(20 * MS);
	add_one(n);
}

static void higher_interrupts(void)
{
	start_thread(0, sleep_and_add, (void *)0, HIGH, 0);
	while (!READ_ONCE(counts[0]))
		continue;
}

/* The same on a CPU that another thread keeps. */
static void higher_interrupts_another_cpu(void)
{
	u32 cpu = cpu_count() - 1;

	make_endpoint(SLOT_A);
	start_thread(0, wait_in_a, (void *)0, HIGH, cpu);
	WAIT_STATE(SLOT_THREADS, WAITS_RECV);
	start_thread(1, count_for_ever, (void *)1, OWN, cpu);
	WAIT_FOR(READ_ONCE(counts[1]));
	EXPECT(0, ipc_send(SLOT_A, 0, 0, 0, TIMEOUT_POLL));
	WAIT_FOR(READ_ONCE(counts[0]) == 1);
}

/* Threads of one priority share a CPU, though none of them calls; one of lower gets nothing. */
static void slices(void)
{
	u32 cpu = cpu_count() - 1, low;

	EXPECT(0, thread_ctl(0, 0, THREAD_PRIO, HIGH + 1, 0));
	for (u32 i = 0; i < 3; i++)
		start_thread(i, count_for_ever, (void *)i, OWN, cpu);
	start_thread(3, count_for_ever, (void *)3, LOW, cpu);
	pause_us(600 * MS);
	low = READ_ONCE(counts[3]);
	for (u32 i = 0; i < 3; i++)
		EXPECT(0, thread_ctl(SLOT_THREADS + i, 0, THREAD_STOP, 0, 0));
	for (u32 i = 0; i < 3; i++)
		CHECK(counts[i] > 1000 && counts[i] > counts[(i + 1) % 3] / 8, "%u %u %u",
			counts[0], counts[1], counts[2]);
	CHECK_EQUAL(low, 0);
	/* Now it does. */
	WAIT_FOR(READ_ONCE(counts[3]) > 1000);
}

/* ---- CPUs ---- */

static void moved_while_it_waits(void)
{
	struct info_thread info;

	make_endpoint(SLOT_A);
	start_thread(0, wait_in_a, (void *)0, OWN, 0);
	WAIT_STATE(SLOT_THREADS, WAITS_RECV);
	EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_CPU, cpu_count() - 1, 0));
	EXPECT(0, sys_info(SLOT_THREADS, INFO_THREAD, 0, (u32)&info, sizeof(info)));
	CHECK_EQUAL(info.cpu, cpu_count() - 1);
	EXPECT(0, ipc_send(SLOT_A, 0, 0, 0, TIMEOUT_POLL));
	WAIT_FOR(READ_ONCE(counts[0]) == 1);
}

/* Moved while it waits, it comes back to its new CPU after every sleep. */
static void stays_where_it_is_moved(void)
{
	struct info_thread info;

	make_notification(SLOT_A);
	start_thread(0, count_bits, (void *)0, OWN, 0);
	WAIT_STATE(SLOT_THREADS, WAITS_NOTE);
	EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_CPU, cpu_count() - 1, 0));
	for (u32 i = 1; i <= 3; i++) {
		EXPECT(0, notify(SLOT_A, 1));
		WAIT_FOR(READ_ONCE(counts[0]) == i);
		WAIT_STATE(SLOT_THREADS, WAITS_NOTE);
	}
	EXPECT(0, sys_info(SLOT_THREADS, INFO_THREAD, 0, (u32)&info, sizeof(info)));
	CHECK_EQUAL(info.cpu, cpu_count() - 1);
}

/* One that runs alone, and never calls, goes to another CPU all the same. */
static void moved_while_it_runs(void)
{
	u32 from = cpu_count() - 1, seen;
	struct info_thread info = {};

	start_thread(0, count_for_ever, (void *)0, OWN, from);
	WAIT_FOR(READ_ONCE(counts[0]));
	EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_CPU, 0, 0));
	WAIT_FOR(!sys_info(SLOT_THREADS, INFO_THREAD, 0, (u32)&info, sizeof(info)).error &&
		 info.cpu == 0);
	if (cpu_count() == 1)
		return;
	/* A higher one has its old CPU, and it goes on. */
	start_thread(1, count_for_ever, (void *)1, HIGH, from);
	WAIT_FOR(READ_ONCE(counts[1]));
	seen = READ_ONCE(counts[0]);
	WAIT_FOR(READ_ONCE(counts[0]) != seen);
}

/* A counting thread goes round all CPUs, and so does this one. */
static void round_the_cpus(void)
{
	start_thread(0, count_for_ever, (void *)0, OWN, 0);
	for (u32 i = 0; i < 40 * cpu_count(); i++) {
		u32 seen = READ_ONCE(counts[0]);

		EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_CPU, i % cpu_count(), 0));
		EXPECT(0, thread_ctl(0, 0, THREAD_CPU, (i / 2) % cpu_count(), 0));
		WAIT_FOR(READ_ONCE(counts[0]) != seen);
	}
}

/* ---- Registers ---- */

static void registers_of_a_running_one(void)
{
	struct registers *registers = (struct registers *)message_own();

	start_thread(0, count_for_ever, (void *)0, OWN, cpu_count() - 1);
	WAIT_FOR(READ_ONCE(counts[0]));
	EXPECT(EBUSY, thread_ctl(SLOT_THREADS, 0, THREAD_GETREGS, 0, 0));
	EXPECT(EBUSY, thread_ctl(SLOT_THREADS, 0, THREAD_SETREGS, 0, 0));
	EXPECT(EBUSY, thread_ctl(0, 0, THREAD_GETREGS, 0, 0));
	EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_STOP, 0, 0));
	WAIT_FOR(!thread_ctl(SLOT_THREADS, 0, THREAD_GETREGS, 0, 0).error);
	CHECK(registers->esp - THREADS_START < 0x40000, "esp 0x%x", registers->esp);
	CHECK(registers->eip - (u32)count_for_ever < 256, "eip 0x%x", registers->eip);
	CHECK_EQUAL(registers->eflags & ~0x8D5u, 0x202);
}

/* Stopped in its loop, it goes on in another function. */
static void sent_elsewhere(void)
{
	struct registers *registers = (struct registers *)message_own();

	start_thread(0, count_for_ever, (void *)0, OWN, cpu_count() - 1);
	WAIT_FOR(READ_ONCE(counts[0]));
	EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_STOP, 0, 0));
	WAIT_FOR(!thread_ctl(SLOT_THREADS, 0, THREAD_GETREGS, 0, 0).error);
	registers->eip = (u32)count_for_ever;
	registers->esp -= 64;
	AS_POINTER(registers->esp)[1] = 2;
	EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_SETREGS, 0, 0));
	EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_START, 0, 0));
	WAIT_FOR(READ_ONCE(counts[2]));
}

/* In a call: what it gave is still there, and what is set is what it returns with. */
static u32 answer_of_call;

static void call_a(void *n)
{
	answer_of_call = ipc_call(SLOT_A, TAG(3u, 2u, 0u), 0x1111, 0x2222, TIMEOUT_NEVER).word0;
	add_one(n);
}

static void registers_in_a_call(void)
{
	struct registers *registers = (struct registers *)message_own();

	make_endpoint(SLOT_A);
	start_thread(0, call_a, (void *)0, OWN, 0);
	WAIT_STATE(SLOT_THREADS, WAITS_SEND);
	EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_GETREGS, 0, 0));
	CHECK(registers->esp - THREADS_START < 0x40000, "esp 0x%x", registers->esp);
	EXPECT(0, ipc_recv(SLOT_A, 90, TIMEOUT_POLL));
	EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_GETREGS, 0, 0));
	EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_SETREGS, 0, 0));
	EXPECT(0, ipc_reply_recv(90, 0, TAG(0u, 1u, 0u), 77, 0, TIMEOUT_POLL));
	WAIT_FOR(READ_ONCE(counts[0]));
	CHECK_EQUAL(answer_of_call, 77);
}

/* ---- fork ---- */

#define SLOT_CHILD_TASK 110u

static void call_and_tell(void *unused)
{
	struct result result = ipc_call(SLOT_A, 0, 0, 0, TIMEOUT_NEVER);

	(void)unused;
	ipc_send(SLOT_A, TAG(9u, 2u, 0u), result.word0, result.word1 + result.error + result.tag,
		TIMEOUT_NEVER);
	pause_us(TIMEOUT_NEVER - 1);
}

/* All frames of the parent, but for message pages, which are nobody's to copy. */
static void copy_pages(u32 from, u32 to)
{
	static struct info_map map[64];
	u32 next = 0, filled;

	while ((filled = EXPECT(0, sys_info(from, INFO_MAPS, next, (u32)map, sizeof(map))).word0)) {
		for (u32 i = 0; i < filled / sizeof(map[0]); i++) {
			u32 prot = map[i].prot, how = prot & PROT_EXEC ? MAP_MAP : MAP_COPY;

			next = map[i].address + PAGE;
			if (map[i].mappings)
				EXPECT(0, mem_map(to, from, map[i].address | prot,
						  map[i].address | how, 1));
		}
	}
}

/* `other`: the parent's thread, or the reply handle of its call. */
static void fork_from(u32 other)
{
	struct fellow parent = { .slot = SLOT_FELLOW, .area = 60, .run = call_and_tell };
	struct result told;

	make_endpoint(SLOT_A);
	fellow_start(&parent);
	EXPECT(0, ipc_recv(SLOT_A, 90, SOON));
	make_task(SLOT_CHILD_TASK);
	copy_pages(SLOT_FELLOW, SLOT_CHILD_TASK);
	EXPECT(0, handle_copy(SLOT_CHILD_TASK, SLOT_A, SLOT_A, RIGHT_SEND, 0x55));
	EXPECT(0, thread_create(SLOT_CHILD_TASK, SLOT_CHILD_TASK + 1, 0, 0,
			  (THREADS_START + 60 * 0x40000) | OWN, 0));
	EXPECT(0, thread_ctl(SLOT_CHILD_TASK + 1, other, THREAD_START, 31, 32));
	told = EXPECT(0, ipc_recv(SLOT_A, 0, SOON));
	CHECK_EQUAL(told.badge, 0x55);
	CHECK_EQUAL(told.word0, 31);
	CHECK_EQUAL(told.word1, 32);
	/* The parent still waits for its own answer. */
	CHECK_EQUAL(thread_state(SLOT_FELLOW_THREAD), WAITS_REPLY);
	EXPECT(0, ipc_reply_recv(90, 0, TAG(0u, 2u, 0u), 41, 42, TIMEOUT_POLL));
	told = EXPECT(0, ipc_recv(SLOT_A, 0, SOON));
	CHECK_EQUAL(told.badge, 0);
	CHECK_EQUAL(told.word0, 41);
	/* The words, no error, and the tag of the answer. */
	CHECK_EQUAL(told.word1, 42 + TAG(0u, 2u, 0u));
}

static void forked(void) { fork_from(SLOT_FELLOW_THREAD); }
static void forked_by_reply(void) { fork_from(90); }

/* Who holds the reply handle sees the caller's registers, and copies it, until it has answered. */
static void registers_by_reply(void)
{
	struct registers *registers = (struct registers *)message_own();
	struct thread_plan plan = { 1, SLOT_THREADS + 1, OWN, 0, add_one, NULL };

	make_endpoint(SLOT_A);
	CHECK_EQUAL(thread_prepare(&plan), 0);
	start_thread(0, call_a, (void *)0, OWN, 0);
	EXPECT(0, ipc_recv(SLOT_A, 90, SOON));
	EXPECT(0, thread_ctl(0, 90, THREAD_GETREGS, 0, 0));
	CHECK(registers->esp - THREADS_START < 0x40000, "esp 0x%x", registers->esp);
	EXPECT(0, thread_ctl(0, SLOT_THREADS, THREAD_GETREGS, 0, 0));
	EXPECT(EINVAL, thread_ctl(SLOT_THREADS, 90, THREAD_GETREGS, 0, 0));
	EXPECT(EINVAL, thread_ctl(0, 90, THREAD_SETREGS, 0, 0));
	EXPECT(EBADH, thread_ctl(0, SLOT_A, THREAD_GETREGS, 0, 0));
	EXPECT(EBADH, thread_ctl(0, 91, THREAD_GETREGS, 0, 0));
	EXPECT(EBUSY, thread_ctl(0, SLOT_THREAD, THREAD_GETREGS, 0, 0));
	/* The call ends; the handle is still there, and leads to nobody. */
	EXPECT(0, handle_drop(SLOT_THREADS, DROP_DESTROY));
	EXPECT(EDEAD, thread_ctl(0, 90, THREAD_GETREGS, 0, 0));
	EXPECT(EDEAD, thread_ctl(SLOT_THREADS + 1, 90, THREAD_START, 1, 2));
}

static void fork_from_the_wrong_one(void)
{
	struct thread_plan plan = { 1, SLOT_THREADS + 1, OWN, 0, add_one, NULL };

	make_endpoint(SLOT_A);
	CHECK_EQUAL(thread_prepare(&plan), 0);
	/* It receives: that is no call that could return twice. */
	start_thread(0, wait_in_a, (void *)0, OWN, 0);
	WAIT_STATE(SLOT_THREADS, WAITS_RECV);
	EXPECT(EBUSY, thread_ctl(SLOT_THREADS + 1, SLOT_THREADS, THREAD_START, 1, 2));
	EXPECT(EBUSY, thread_ctl(SLOT_THREADS + 1, SLOT_THREAD, THREAD_START, 1, 2));
	/* One that has begun is not given another beginning. */
	start_thread(2, call_a, (void *)0, OWN, 0);
	EXPECT(0, ipc_send(SLOT_A, 0, 0, 0, SOON));
	WAIT_STATE(SLOT_THREADS + 2, WAITS_SEND);
	start_thread(3, wait_for_bit, (void *)1, OWN, 0);
	EXPECT(EBUSY, thread_ctl(SLOT_THREADS + 3, SLOT_THREADS + 2, THREAD_START, 1, 2));
	CHECK_EQUAL(READ_ONCE(counts[0]), 1);
}

static void bound_twice(void)
{
	make_notification(SLOT_A);
	make_notification(SLOT_B);
	make_endpoint(SLOT_C);
	EXPECT(0, thread_ctl(0, SLOT_A, THREAD_BIND, 0, 0));
	EXPECT(EBUSY, thread_ctl(0, SLOT_B, THREAD_BIND, 0, 0));
	EXPECT(EBUSY, thread_ctl(0, SLOT_A, THREAD_BIND, 0, 0));
	start_thread(0, wait_in_a, (void *)0, LOW, 0);
	EXPECT(EBUSY, thread_ctl(SLOT_THREADS, SLOT_A, THREAD_BIND, 0, 0));
	EXPECT(0, thread_ctl(0, 0, THREAD_BIND, 0, 0));
	EXPECT(0, thread_ctl(SLOT_THREADS, SLOT_A, THREAD_BIND, 0, 0));
	EXPECT(EINVAL, notify_wait(SLOT_A, 1, TIMEOUT_POLL));
}

static void bind_itself(void *unused)
{
	(void)unused;
	thread_ctl(0, SLOT_A, THREAD_BIND, 0, 0);
	WRITE_ONCE(counts[0], 1);
}

/* The binding ends with its thread: another one may have the notification. */
static void bound_one_ends(void)
{
	make_notification(SLOT_A);
	start_thread(0, bind_itself, NULL, OWN, 0);
	WAIT_FOR(READ_ONCE(counts[0]));
	WAIT_FOR(!thread_ctl(0, SLOT_A, THREAD_BIND, 0, 0).error);
}

/* ---- The end of tasks ---- */

static void nothing(void *unused) { (void)unused; }

/* With the last thread; with the last handle; by DESTROY: each raises the creator's bit. */
static void ends_are_told(void)
{
	u32 handles = SLOT_B << HANDLE_BITS;

	make_notification(SLOT_B);
	for (u32 how = 0; how < 2; how++) {
		EXPECT(0, obj_create(SLOT_SYSTEM, SLOT_C, KIND_TASK | 8u << 8 | 7u << 16, 0x100000,
				  handles, 256));
		EXPECT(0, mem_alloc(SLOT_C, 0, TEST_PAGES | PROT_RW, 16, 0));
		EXPECT(EAGAIN, notify_wait(SLOT_B, ~0u, TIMEOUT_POLL));
		EXPECT(0, handle_drop(SLOT_C, how));
		CHECK_EQUAL(EXPECT(0, notify_wait(SLOT_B, ~0u, SOON)).word0, 1u << 7);
	}
}

/* Who ends a task and never sleeps is not kept waiting, whatever its priority. */
static void ends_before_busy_ones(void)
{
	u64 until;

	make_notification(SLOT_B);
	EXPECT(0, thread_ctl(0, 0, THREAD_PRIO, 20, 0));
	EXPECT(0, obj_create(SLOT_SYSTEM, SLOT_C, KIND_TASK | 8u << 8 | 7u << 16, 0x100000,
			  SLOT_B << HANDLE_BITS, 256));
	EXPECT(0, handle_drop(SLOT_C, DROP_DESTROY));
	until = clock_now() + 5000 * MS;
	while (notify_wait(SLOT_B, ~0u, TIMEOUT_POLL).error)
		CHECK(clock_now() < until, "the reaper does not run");
}

static volatile u32 may_stop;

static void keep_busy(void *unused)
{
	u64 until = clock_now() + 3000 * MS;

	(void)unused;
	while (!may_stop && clock_now() < until)
		continue;
}

/* Nobody who runs on another CPU keeps a task from ending. */
static void ends_beside_a_busy_cpu(void)
{
	u32 cpu = cpu_count() - 1;

	make_notification(SLOT_B);
	EXPECT(0, obj_create(SLOT_SYSTEM, SLOT_C, KIND_TASK | 8u << 8 | 7u << 16, 0x100000,
			  SLOT_B << HANDLE_BITS, 256));
	EXPECT(0, thread_ctl(0, 0, THREAD_CPU, cpu, 0));
	if (cpu)
		start_thread(0, keep_busy, NULL, 20, 0);
	EXPECT(0, handle_drop(SLOT_C, DROP_DESTROY));
	EXPECT(0, notify_wait(SLOT_B, ~0u, 1000 * MS));
	may_stop = 1;
}

static void the_last_thread_ends_the_task(void)
{
	struct fellow fellow = { .slot = SLOT_FELLOW, .area = 60, .run = nothing };
	struct info_task info;

	fellow_start(&fellow);
	WAIT_FOR(sys_info(SLOT_FELLOW, INFO_TASK, 0, (u32)&info, sizeof(info)).error == EDEAD);
	EXPECT(EDEAD, mem_alloc(SLOT_FELLOW, 0, TEST_PAGES | PROT_RW, 1, 0));
}

static const struct test tests[] = {
	{ "sched.higher_starts", higher_runs_at_once, 0 },
	{ "sched.higher_is_woken", higher_is_woken, 0 },
	{ "sched.higher_is_notified", higher_is_notified, 0 },
	{ "sched.lower_waits", lower_waits, 0 },
	{ "sched.equal_waits", equal_waits, 0 },
	{ "sched.called_waits", called_one_waits_for_higher, 0 },
	{ "sched.called_stays", called_one_stays_on_its_cpu, 0 },
	{ "sched.raised_while_ready", raised_while_ready, 0 },
	{ "sched.raised", raised_runs_at_once, 0 },
	{ "sched.lowered", lowered_gives_way, 0 },
	{ "sched.interrupts", higher_interrupts, 0 },
	{ "sched.interrupts_another", higher_interrupts_another_cpu, 0 },
	{ "sched.slices", slices, 0 },
	{ "sched.moved_while_it_waits", moved_while_it_waits, 0 },
	{ "sched.stays", stays_where_it_is_moved, 0 },
	{ "sched.moved_while_it_runs", moved_while_it_runs, 0 },
	{ "sched.round_the_cpus", round_the_cpus, 0 },
	{ "thread.registers_running", registers_of_a_running_one, 0 },
	{ "thread.sent_elsewhere", sent_elsewhere, 0 },
	{ "thread.registers_in_call", registers_in_a_call, 0 },
	{ "thread.fork", forked, 0 },
	{ "thread.fork_by_reply", forked_by_reply, 0 },
	{ "thread.registers_by_reply", registers_by_reply, 0 },
	{ "thread.fork_busy", fork_from_the_wrong_one, 0 },
	{ "thread.bind_busy", bound_twice, 0 },
	{ "thread.bound_ends", bound_one_ends, 0 },
	{ "task.end_is_told", ends_are_told, 0 },
	{ "task.end_before_busy", ends_before_busy_ones, 0 },
	{ "sched.ends_beside_a_busy_cpu", ends_beside_a_busy_cpu, 0 },
	{ "task.last_thread", the_last_thread_ends_the_task, 0 },
};
TEST_LIST(sched_tests, tests);
