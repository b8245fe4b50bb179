/* The runner: selection, TAP, the closing line. */
#include "tests/kernel/selftest.h"

#include "arch/x86/console/console.h"
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/spinlock.h"
#include "arch/x86/irq/clock.h"
#include "arch/x86/paging/fixmap.h"
#include "kernel/debug/irq_time.h"
#include "kernel/debug/stack_depth.h"
#include "kernel/sched/thread.h"
#include "kernel/testing.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mm/pages/zone.h"
#include "mm/pkmap/highmem.h"

extern const struct selftest selftests_start[], selftests_end[];

bool selftest_full;

/* What selftest= says: NULL for the whole set, else names separated by commas. */
static const char *picked;
static bool pick_none;

static u32 planned, reported, passed, failed, skipped;
static const char *skip_reason;

/* The first failure of the running test, from whichever CPU. */
static struct spinlock failure_lock = SPINLOCK_INIT("self-test failure");
static u32 failures;
static char failure_text[512];

static bool names_match(const char *names, const char *name)
{
	while (*names) {
		const char *comma = strchr(names, ',');
		size_t n = comma ? (size_t)(comma - names) : strlen(names);

		if (n && !strncmp(names, name, n) && (name[n] == 0 || name[n] == '.'))
			return true;
		names += n + (comma ? 1 : 0);
	}
	return false;
}

static bool is_selected(const struct selftest *test)
{
	if (pick_none)
		return false;
	if (picked)
		return names_match(picked, test->name);
	return !test->on_demand;
}

static bool is_known(const char *name)
{
	for (const struct selftest *test = selftests_start; test < selftests_end; test++)
		if (names_match(name, test->name))
			return true;
	return false;
}

/*
 * Words of selftest= that no test bears: each counts as a failure, so that a slip of the pen is no
 * verdict.
 */
static void count_wrong_names(const char *names)
{
	char word[64];

	while (*names) {
		const char *comma = strchr(names, ',');
		size_t n = comma ? (size_t)(comma - names) : strlen(names);

		strlcpy(word, names, MIN(n + 1, sizeof(word)));
		if (n && !is_known(word)) {
			pr_err("self-test: no test is named %s\n", word);
			failed++;
		}
		names += n + (comma ? 1 : 0);
	}
}

static void select_tests(const char *what)
{
	pick_none = !strcmp(what, "none");
	selftest_full = !strcmp(what, "full");
	if (!*what || pick_none || selftest_full || !strcmp(what, "quick"))
		return;
	picked = what;
	count_wrong_names(what);
}

static void print_plan(u32 last_step)
{
	for (const struct selftest *test = selftests_start; test < selftests_end; test++)
		if (is_selected(test) && test->step <= last_step)
			planned++;
	console_printf("TAP version 13\n1..%u\n", planned);
	if (picked && !planned && !failed) {
		pr_err("self-test: selftest=%s picks no test up to step %u\n", picked, last_step);
		failed++;
	}
}

static void record_failure(const char *what, const char *values, int number, const char *file,
	int line, const char *text)
{
	u32 flags = spin_lock_irqsave(&failure_lock);

	if (failures++ == 0) {
		char invariant[32] = "";

		if (number)
			snprintf(invariant, sizeof(invariant), ", invariant %d", number);
		snprintf(failure_text, sizeof(failure_text),
			"  ---\n  what: %s\n  check: %s\n  %s\n  where: %s:%d, CPU %u%s\n  ...\n",
			text, what, values, file, line, smp_processor_id(), invariant);
	}
	spin_unlock_irqrestore(&failure_lock, flags);
}

void selftest_failed(const char *what, int number, const char *file, int line, const char *fmt, ...)
{
	char text[200];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	record_failure(what, "expected: true, seen: false", number, file, line, text);
}

void selftest_unequal(u64 got, u64 want, const char *what, int number, const char *file, int line,
	const char *fmt, ...)
{
	char text[200], values[96];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	snprintf(values, sizeof(values), "expected: %llu (0x%llx), seen: %llu (0x%llx)", want, want,
		got, got);
	record_failure(what, values, number, file, line, text);
}

void selftest_skip(const char *reason) { skip_reason = reason; }

void selftest_note(const char *fmt, ...)
{
	char text[200];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	console_printf("# %s\n", text);
}

/* What must hold after every test, whatever it did. */
static void check_afterwards(bool irqs_before)
{
	EXPECT_EQ(18, locks_held(), 0, "locks held after the test");
	EXPECT_EQ(30, kmap_atomic_depth(), 0, "atomic kmaps held after the test");
	EXPECT_EQ(24, irqs_enabled(), irqs_before, "interrupts on after the test, as before");
}

static void report_test(const struct selftest *test)
{
	const char *invariants = test->invariants[0] ? " # invariants " : "";

	reported++;
	if (failures) {
		failed++;
		console_printf("not ok %u - %s%s%s\n%s", reported, test->name, invariants,
			test->invariants, failure_text);
		if (failures > 1)
			console_printf("  # and %u more failed checks\n", failures - 1);
	} else if (skip_reason) {
		skipped++;
		console_printf("ok %u - %s # SKIP %s\n", reported, test->name, skip_reason);
	} else {
		passed++;
		console_printf(
			"ok %u - %s%s%s\n", reported, test->name, invariants, test->invariants);
	}
}

/* In selftest=full tests run for minutes: a line now and then shows that they go on. */
#define PROGRESS_SECONDS 5u

static const struct selftest *running_test;
static u32 running_seconds;

/* Each tick of the boot CPU; in its interrupt. */
static void show_progress(void)
{
	static u32 ticks;

	if (!running_test || ++ticks % (PROGRESS_SECONDS * HZ))
		return;
	running_seconds += PROGRESS_SECONDS;
	console_printf("# %s: running for %u s\n", running_test->name, running_seconds);
}

static void run_test(const struct selftest *test)
{
	bool irqs_before = irqs_enabled();

	failures = 0;
	skip_reason = NULL;
	running_test = test;
	running_seconds = 0;
	if (test->needs_highmem && !zones[ZONE_HIGHMEM].managed)
		selftest_skip("no high memory");
	else
		test->run();
	running_test = NULL;
	check_afterwards(irqs_before);
	report_test(test);
}

void testing_step(u32 step)
{
	for (const struct selftest *test = selftests_start; test < selftests_end; test++)
		if (is_selected(test) && test->step == step)
			run_test(test);
}

bool testing_end(void)
{
	if (reported != planned) {
		console_printf("# planned %u, reported %u\n", planned, reported);
		failed += planned > reported ? planned - reported : reported - planned;
	}
	lock_order_report();
	irq_time_report();
	stack_depth_report();
	console_printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
	tick_hook = NULL;
	return failed == 0;
}

void testing_begin(const char *what, u32 last_step)
{
	select_tests(what);
	print_plan(last_step);
	if (selftest_full)
		tick_hook = show_progress;
}
