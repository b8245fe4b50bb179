/*
 * Self-tests inside the kernel: registered by a macro, run at the boot step after which what they
 * test is there, reported as TAP (testanything.org, version 13) on serial line and screen.
 *
 * A test is a function that calls EXPECT_* ; the first failure of each test is printed with its
 * values and place, and the test goes on or returns as it likes.  Tests run in thread context on
 * the boot CPU with interrupts on (from step 4 on), unless they start threads.
 */
#ifndef TESTS_SELFTEST_H
#define TESTS_SELFTEST_H

#include "lib/compiler.h"
#include "lib/types.h"

struct selftest {
	const char *name; /* what `selftest=NAME` picks; also by prefix up to a '.' */
	/* numbers of docs/invariants.md that it checks, such as "1, 2, 7"; "" if none */
	const char *invariants;
	u32 step;           /* boot step (0 to 8) after which it runs */
	bool needs_highmem; /* skipped, with that reason, where there is none */
	bool on_demand;     /* runs only if picked by name: mustfail and the like */
	void (*run)(void);
};

#define SELFTEST_FLAGS(ident, test_name, test_step, numbers, high, demand)                         \
	static void ident(void);                                                                   \
	static const struct selftest selftest_##ident __used __section(".selftests")               \
		__aligned(4) = { .name = test_name,                                                \
			.invariants = numbers,                                                     \
			.step = test_step,                                                         \
			.needs_highmem = high,                                                     \
			.on_demand = demand,                                                       \
			.run = ident };                                                            \
	static void ident(void)

/*
 * SELFTEST(buddy_split, "buddy.split", 6, "46, 47") { ... EXPECT_EQ(46, a, b, "zone %s", name); }
 */
#define SELFTEST(ident, name, step, numbers)                                                       \
	SELFTEST_FLAGS(ident, name, step, numbers, false, false)
#define SELFTEST_HIGH(ident, name, step, numbers)                                                  \
	SELFTEST_FLAGS(ident, name, step, numbers, true, false)

/*
 * Checks; each returns true if it held.  `number` is the invariant, 0 if none.  The text, with its
 * printf arguments, says what was being done.  From any CPU and thread.
 */
#define EXPECT(number, cond, ...)                                                                  \
	({                                                                                         \
		bool expect_held = !!(cond);                                                       \
		if (unlikely(!expect_held))                                                        \
			selftest_failed(#cond, number, __FILE__, __LINE__, __VA_ARGS__);           \
		expect_held;                                                                       \
	})
#define EXPECT_EQ(number, got, want, ...)                                                          \
	({                                                                                         \
		u64 expect_got = (u64)(got), expect_want = (u64)(want);                            \
		if (unlikely(expect_got != expect_want))                                           \
			selftest_unequal(expect_got, expect_want, #got, number, __FILE__,          \
				__LINE__, __VA_ARGS__);                                            \
		expect_got == expect_want;                                                         \
	})

void selftest_failed(const char *what, int number, const char *file, int line, const char *fmt, ...)
	__printf_like(5, 6);
void selftest_unequal(u64 got, u64 want, const char *what, int number, const char *file, int line,
	const char *fmt, ...) __printf_like(7, 8);

/* The running test cannot be done here (reason); TAP's "# SKIP". */
void selftest_skip(const char *reason);
/* A TAP comment line. */
void selftest_note(const char *fmt, ...) __printf_like(1, 2);

/* True in selftest=full: repeat what is racy, widen what is bounded. */
extern bool selftest_full;

/*
 * True if fn(arg) panics, with that invariant number (0: any).  The panic must come before any lock
 * is taken or state changed.
 */
bool selftest_panics(void (*fn)(void *), void *arg, int invariant);
/* What that panic said; "" if there was none. */
extern char selftest_panic_text[640];
bool selftest_panic_said(const char *word);
#define EXPECT_SAID(word)                                                                          \
	EXPECT(0, selftest_panic_said(word), "the panic should say '%s', but says: %s", word,      \
		selftest_panic_text)

/*
 * Skips a test that goes through a free step by step: with poison each word of a page is a step,
 * traps by the million.
 */
static inline bool skip_if_poisoned(void)
{
#ifdef CONFIG_POISON
	selftest_skip("with poison each word of a freed page is a step");
	return true;
#else
	return false;
#endif
}

#endif
