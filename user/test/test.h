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
	fault_tests, entry_tests, call_tests;
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
enum test_slot { SLOT_A = 64, SLOT_B, SLOT_C, SLOT_D, SLOT_EMPTY = 200 };

/* Where tests map pages of their own. */
#define TEST_PAGES 0x50000000u
#define PROT_RW (PROT_READ | PROT_WRITE)
/* Volatile: two places may show one frame. */
#define AS_POINTER(address) ((volatile u32 *)(uintptr_t)(address))

void make_endpoint(u32 slot);
void make_notification(u32 slot);
/* A task without a pager in SLOT_A and so on, for what concerns two tasks. */
void make_task(u32 slot);
/* Starts a thread of this task on `cpu`, with area and slot SLOT_THREADS + area. */
#define SLOT_THREADS 128u
void start_thread(u32 area, void (*run)(void *), void *argument, u32 prio, u32 cpu);

#endif
