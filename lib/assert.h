/*
 * Assertions.  Bad input is never asserted on: it gets a message or an error.
 * What is asserted is what the kernel itself promised; a failure ends in panic.
 *
 * The lowest layer only declares panic_at(); kernel/arch/x86/console/panic.c defines it
 * (host tests define their own).
 */
#ifndef LIB_ASSERT_H
#define LIB_ASSERT_H

#include "lib/compiler.h"

/* Where and why: `invariant` is a number of docs/invariants.md, 0 when there is none. */
struct panic_site {
	const char *file;
	const char *function;
	int line;
	int invariant;
};

/*
 * Prints all that is known (reason, place, CPU, back trace), stops the other CPUs, never returns.
 */
__noreturn void panic_at(const struct panic_site *site, const char *fmt, ...) __printf_like(2, 3);

#define PANIC_SITE(number)                                                                         \
	({                                                                                         \
		static const struct panic_site site_ = { __FILE__, __func__, __LINE__, (number) }; \
		&site_;                                                                            \
	})

#define panic(...) panic_at(PANIC_SITE(0), __VA_ARGS__)

/*
 * The message must give the values compared: INVARIANT(4, n >= 2, "count %d of slot %u", n, slot).
 */
#define INVARIANT(number, cond, ...)                                                               \
	do {                                                                                       \
		if (unlikely(!(cond)))                                                             \
			panic_at(PANIC_SITE(number), __VA_ARGS__);                                 \
	} while (0)

#define ASSERT(cond, ...) INVARIANT(0, cond, __VA_ARGS__)

#endif
