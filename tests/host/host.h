/*
 * What all host tests share: checks that name seed and step, random numbers, expected panics.
 */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include "lib/compiler.h"
#include "lib/types.h"

#include <setjmp.h>

/*
 * Random tests: random_begin() takes the seed from the environment (SEED=number), else one that is
 * the same in every run; the loop sets test_step.  Both are printed with whatever fails.
 */
void random_begin(u32 salt);
u32 random_u32(void);
u32 random_below(u32 n); /* 0 .. n - 1, n > 0 */
static inline bool one_in(u32 n) { return random_below(n) == 0; }
extern u32 test_step;
/* Steps for a random test: ROUNDS=number in the environment multiplies them. */
u32 rounds(u32 n);
const char *test_position(void);

void print(const char *fmt, ...) __printf_like(1, 2);
/* The test fails, naming the place, seed and step. */
__noreturn void test_failed(const char *file, int line, const char *fmt, ...) __printf_like(3, 4);

#define CHECK(cond, ...)                                                                           \
	do {                                                                                       \
		if (unlikely(!(cond)))                                                             \
			test_failed(__FILE__, __LINE__, __VA_ARGS__);                              \
	} while (0)

#define CHECK_EQUAL(a, b)                                                                          \
	do {                                                                                       \
		unsigned long long _a = (unsigned long long)(a), _b = (unsigned long long)(b);     \
		CHECK(_a == _b, "%s is 0x%llx, %s is 0x%llx", #a, _a, #b, _b);                     \
	} while (0)

/*
 * `statement` must panic naming this invariant (0: none) with this text in the message; afterwards
 * the machine is good for machine_new() only, unless nothing was locked.
 */
#define EXPECT_PANIC(number, text, statement)                                                      \
	do {                                                                                       \
		if (!setjmp(*panic_expected())) {                                                  \
			statement;                                                                 \
			panic_missed();                                                            \
			CHECK(false, "no panic: %s", #statement);                                  \
		}                                                                                  \
		CHECK(panic_was(number, text), "panic [%d] \"%s\", expected [%d] \"%s\": %s",      \
			panic_number(), panic_text(), number, text, #statement);                   \
	} while (0)

jmp_buf *panic_expected(void);
void panic_missed(void);
bool panic_was(int number, const char *text);
int panic_number(void);
const char *panic_text(void);

/*
 * Every file of tests ends with a list NAME_tests and its length; main.c runs them in this order.
 */
#define HOST_TESTS(X)                                                                              \
	X(lib)                                                                                     \
	X(cmdline)                                                                                 \
	X(archive)                                                                                 \
	X(elf)                                                                                     \
	X(firmware)                                                                                \
	X(tlb)                                                                                     \
	X(physmap)                                                                                 \
	X(log)                                                                                     \
	X(topology)                                                                                \
	X(memory)                                                                                  \
	X(bootmem)                                                                                 \
	X(paging)                                                                                  \
	X(buddy)                                                                                   \
	X(zones)                                                                                   \
	X(pages)                                                                                   \
	X(objcache)                                                                                \
	X(pgalloc)                                                                                 \
	X(mm)                                                                                      \
	X(mm_races)                                                                                \
	X(pkmap)                                                                                   \
	X(pkmap_full)                                                                              \
	X(pkmap_threads)                                                                           \
	X(pkmap_beyond)                                                                            \
	X(pkmap_lazy)                                                                              \
	X(pkmap_wrong)                                                                             \
	X(fixmap)                                                                                  \
	X(vmalloc)                                                                                 \
	X(modules)                                                                                 \
	X(poison)

#endif
