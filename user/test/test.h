/*
 * The in-system tests: `run=test` runs all, `run="test notify memory.map"` those whose names begin
 * so.
 *
 * Each test runs in a task of its own, which has this program's pages and all handles of layout.h,
 * SLOT_SYSTEM with every right among them.  It passes if it ends with the status that it names: 0
 * for a test that returns, STATUS_KILLED plus a vector for one that an exception must end.
 */
#ifndef USER_TEST_TEST_H
#define USER_TEST_TEST_H

#include "lib/compiler.h"
#include "user/lib/calls.h"
#include "user/lib/child.h"
#include "user/lib/message.h"
#include "user/lib/thread.h"

struct test {
	const char *name; /* group.what */
	void (*run)(void);
	u32 status;
};

/* Each file of tests has one list; list.c names them all. */
struct test_list {
	const struct test *test;
	u32 count;
};
extern const struct test_list handle_tests, memory_tests, message_tests, notify_tests, thread_tests,
	fault_tests, entry_tests, call_tests, place_tests, item_tests, exception_tests, state_tests,
	transfer_tests, pager_tests, cpus_tests, sched_tests, irq_tests, quota_tests, error_tests,
	late_tests, many_tests, log_tests, console_tests, pager_fails_tests;
#define TEST_LIST(name, tests) const struct test_list name = { tests, ARRAY_SIZE(tests) }

/* ---- For tests ---- */

/* Tells the failure and ends the test. */
__noreturn void test_failed(const char *file, int line, const char *fmt, ...) __printf_like(3, 4);

#define CHECK(cond, ...)                                                                           \
	do {                                                                                       \
		if (!(cond))                                                                       \
			test_failed(__FILE__, __LINE__, __VA_ARGS__);                              \
	} while (0)
#define CHECK_EQUAL(a, b)                                                                          \
	do {                                                                                       \
		u32 a_ = (u32)(a), b_ = (u32)(b);                                                  \
		CHECK(a_ == b_, "%s is 0x%x, %s is 0x%x", #a, a_, #b, b_);                         \
	} while (0)
/* The call must end with this error, 0 for none; its result. */
#define EXPECT(wanted, call)                                                                       \
	({                                                                                         \
		struct result result_ = (call);                                                    \
		expect(__FILE__, __LINE__, #call, wanted, result_.error);                          \
		result_;                                                                           \
	})
void expect(const char *file, int line, const char *call, u32 wanted, u32 got);

/* Slots that tests use as they like. */
enum test_slot {
	SLOT_A = 64,
	SLOT_B,
	SLOT_C,
	SLOT_D,
	SLOT_E,
	SLOT_F,
	SLOT_LAST = SLOT_F,
	SLOT_EMPTY = 200
};

/* Where tests map pages of their own. */
#define TEST_PAGES 0x50000000u
/* What a test and its second task (fellow.h) both see; made by make_shared(). */
#define SHARED 0x5F000000u
struct shared {
	struct result result;
	u32 done, count;
	u32 value[64];
};
#define shared ((volatile struct shared *)SHARED)
#define PROT_RW (PROT_READ | PROT_WRITE)
/* Volatile: two places may show one frame. */
#define AS_POINTER(address) ((volatile u32 *)(uintptr_t)(address))

void make_endpoint(u32 slot);
void make_notification(u32 slot);
/* A task without a pager in SLOT_A and so on, for what concerns two tasks. */
void make_task(u32 slot);
/*
 * Starts a thread of this task on `cpu` (where there are fewer, on another), with area and slot
 * SLOT_THREADS + area.
 */
#define SLOT_THREADS 128u
void start_thread(u32 area, void (*run)(void *), void *argument, u32 prio, u32 cpu);

void make_shared(void);

/* ---- Time ---- */

#define MS 1000u /* microseconds */
/* Time-out of what must come. */
#define SOON 20000000u
u64 clock_now(void);
void yield(void);
/* Tasks that there are. */
u32 count_tasks(void);
/* CPUs that are online. */
u32 cpu_count(void);
/* Sleeps, so that threads of any priority run. */
void pause_us(u32 microseconds);
/* Sleeps until it is true; fails after some seconds. */
#define WAIT_FOR(cond)                                                                             \
	do {                                                                                       \
		u64 until_ = clock_now() + 20000 * MS;                                             \
		while (!(cond)) {                                                                  \
			pause_us(1);                                                               \
			CHECK(clock_now() < until_, "never: %s", #cond);                           \
		}                                                                                  \
	} while (0)

/* ---- Threads in calls ---- */

/* info_thread.waiting */
enum wait_state {
	WAITS_NOT,
	WAITS_SEND,
	WAITS_REPLY,
	WAITS_RECV,
	WAITS_NOTE,
	IS_ACTIVE,
	IS_PASSIVE
};
u32 thread_state(u32 slot);
#define WAIT_STATE(slot, state) WAIT_FOR(thread_state(slot) == (state))

/* ---- Two threads: in one task or two, on one CPU or two ---- */

/* The second thread: where it is, and the slot of its handle, once it runs. */
struct peer {
	bool other_task;
	u32 cpu, thread;
};
/* It runs `run`, with SHARED as argument. */
void peer_start(struct peer *peer, void (*run)(void *));
#define IN_FOUR_PLACES(run)                                                                        \
	static void run##_task(void) { run(&(struct peer){ false, 0, 0 }); }                       \
	static void run##_task_cpus(void) { run(&(struct peer){ false, 1, 0 }); }                  \
	static void run##_tasks(void) { run(&(struct peer){ true, 0, 0 }); }                       \
	static void run##_tasks_cpus(void) { run(&(struct peer){ true, 1, 0 }); }
#define FOUR_TESTS(name, run)                                                                      \
	{ "message." name ".task", run##_task, 0 },                                                \
		{ "message." name ".task_cpus", run##_task_cpus, 0 },                              \
		{ "message." name ".tasks", run##_tasks, 0 },                                      \
	{                                                                                          \
		"message." name ".tasks_cpus", run##_tasks_cpus, 0                                 \
	}

#endif
