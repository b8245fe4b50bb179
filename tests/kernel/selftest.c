/* The runner: selection, TAP, the closing line. */
#include "tests/kernel/selftest.h"

#include "arch/x86/console.h"
#include "arch/x86/cpu.h"
#include "arch/x86/fixmap.h"
#include "arch/x86/irq_time.h"
#include "arch/x86/lock_order.h"
#include "arch/x86/spinlock.h"
#include "kernel/testing.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mm/highmem.h"
#include "mm/stack_depth.h"
#include "mm/zone.h"

extern const struct selftest selftests_start[], selftests_end[];

bool selftest_full;

/* What selftest= says: NULL for the whole set, else names separated by commas. */
static const char *picked;
static bool pick_none;

static u32 planned, reported, failed, skipped;
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

/* Names the words of selftest= that no test bears; false if none is left that some test does. */
static bool check_names(const char *names)
{
	char word[64];
	bool any = false;

	while (*names) {
		const char *comma = strchr(names, ',');
		size_t n = comma ? (size_t)(comma - names) : strlen(names);
		bool known = false;

		strlcpy(word, names, MIN(n + 1, sizeof(word)));
		for (const struct selftest *test = selftests_start; test < selftests_end; test++)
			known = known || names_match(word, test->name);
		if (n && !known)
			pr_warn("command line: selftest=%s ignored: no test has that name\n", word);
		any = any || known;
		names += n + (comma ? 1 : 0);
	}
	return any;
}

static void select_tests(const char *what)
{
	pick_none = !strcmp(what, "none");
	selftest_full = !strcmp(what, "full");
	if (*what && !pick_none && !selftest_full && strcmp(what, "quick") != 0 && check_names(what))
		picked = what;
}

static void print_plan(u32 last_step)
{
	for (const struct selftest *test = selftests_start; test < selftests_end; test++)
		if (is_selected(test) && test->step <= last_step)
			planned++;
	console_printf("TAP version 13\n1..%u\n", planned);
}

static void record_failure(const char *what, const char *values, int number, const char *file, int line, const char *text)
{
	u32 flags = spin_lock_irqsave(&failure_lock);

	if (failures++ == 0) {
		char invariant[32] = "";

		if (number)
			snprintf(invariant, sizeof(invariant), ", invariant %d", number);
		snprintf(failure_text, sizeof(failure_text),
			 "  ---\n  what: %s\n  check: %s\n  %s\n  where: %s:%d, CPU %u%s\n  ...\n", text, what, values, file, line,
			 smp_processor_id(), invariant);
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

void selftest_unequal(u64 got, u64 want, const char *what, int number, const char *file, int line, const char *fmt, ...)
{
	char text[200], values[96];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	snprintf(values, sizeof(values), "expected: %llu (0x%llx), seen: %llu (0x%llx)", want, want, got, got);
	record_failure(what, values, number, file, line, text);
}

void selftest_skip(const char *reason)
{
	skip_reason = reason;
}

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
		console_printf("not ok %u - %s%s%s\n%s", reported, test->name, invariants, test->invariants, failure_text);
		if (failures > 1)
			console_printf("  # and %u more failed checks\n", failures - 1);
	} else if (skip_reason) {
		skipped++;
		console_printf("ok %u - %s # SKIP %s\n", reported, test->name, skip_reason);
	} else {
		console_printf("ok %u - %s%s%s\n", reported, test->name, invariants, test->invariants);
	}
}

static void run_test(const struct selftest *test)
{
	bool irqs_before = irqs_enabled();

	failures = 0;
	skip_reason = NULL;
	if (test->needs_highmem && !zones[ZONE_HIGHMEM].managed)
		selftest_skip("no high memory");
	else
		test->run();
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
	if (skipped)
		console_printf("# %u skipped\n", skipped);
	if (reported != planned) {
		console_printf("# planned %u, reported %u\n", planned, reported);
		failed += planned > reported ? planned - reported : reported - planned;
	}
	lock_order_report();
	irq_time_report();
	stack_depth_report();
	console_printf("%u passed, %u failed\n", reported - MIN(failed, reported), failed);
	return failed == 0;
}

void testing_begin(const char *what, u32 last_step)
{
	select_tests(what);
	print_plan(last_step);
}
