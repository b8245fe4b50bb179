/*
 * Panics that are expected: panic_at() offers each to panic_hook first; ours leaves by
 * __builtin_longjmp to the test that waits for it.
 */
#include "arch/x86/console/panic.h"
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/spinlock.h"
#include "kernel/debug/lock_order.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mm/pkmap/kmap_atomic.h"
#include "tests/kernel/selftest.h"

static void *landing[5];
static u32 catching_cpu;
static struct panic_site caught;
char selftest_panic_text[640];

bool selftest_panic_said(const char *word)
{
	size_t n = strlen(word);

	for (const char *at = selftest_panic_text; *at; at++)
		if (!strncmp(at, word, n))
			return true;
	return false;
}

static void catch_panic(const struct panic_site *site, const char *fmt, va_list args)
{
	if (smp_processor_id() != catching_cpu)
		return;
	caught = *site;
	vsnprintf(selftest_panic_text, sizeof(selftest_panic_text), fmt, args);
	__builtin_longjmp(landing, 1);
}

/*
 * What the panicking path has on it stays as it was when the test called: interrupts, locks, atomic
 * kmaps.
 */
bool selftest_panics(void (*fn)(void *), void *arg, int invariant)
{
	bool irqs = irqs_enabled();
	u32 locks = locks_held(), kmaps = kmap_atomic_depth();
	volatile bool panicked = false;

	catching_cpu = smp_processor_id();
	selftest_panic_text[0] = 0;
	if (__builtin_setjmp(landing) == 0) {
		panic_hook = catch_panic;
		fn(arg);
	} else {
		panicked = true;
	}
	panic_hook = NULL;
	this_cpu_write(nosleep.locks, locks);
	lock_order_forget(locks);
	this_cpu_write(nosleep.kmaps, kmaps);
	kmap_atomic_init_cpu();
	if (irqs)
		irq_enable();
	else
		irq_disable();
	return panicked && (!invariant || caught.invariant == invariant);
}
