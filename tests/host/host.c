/* What all host tests share: see host.h. */
#include "host.h"

#include "lib/assert.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static u32 seed, random_state;
u32 test_step;

static u32 number_from(const char *name, u32 otherwise)
{
	const char *text = getenv(name);

	return text ? (u32)strtoul(text, NULL, 0) : otherwise;
}

void random_begin(u32 salt)
{
	seed = number_from("SEED", 20250);
	random_state = (seed * 2654435761u ^ salt * 0x9E3779B9u) | 1;
	test_step = 0;
	for (u32 i = 0; i < 16; i++)
		random_u32();
}

/* xorshift32 (Marsaglia 2003). */
u32 random_u32(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state;
}

u32 random_below(u32 n) { return (u32)(((u64)random_u32() * n) >> 32); }

u32 rounds(u32 n) { return n * number_from("ROUNDS", 1); }

const char *test_position(void)
{
	static char text[64];

	snprintf(text, sizeof(text), "SEED=%u, step %u", seed, test_step);
	return text;
}

void print(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
}

void test_failed(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	print("%s:%d: %s: ", file, line, test_position());
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	print("\n");
	_fail(file, line);
	abort();
}

/* ---- Panics ---- */

static jmp_buf where_panic_goes;
static bool panic_is_expected;
static int last_number;
static char last_text[512];

void panic_at(const struct panic_site *site, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(last_text, sizeof(last_text), fmt, args);
	va_end(args);
	last_number = site->invariant;
	if (!panic_is_expected)
		test_failed(site->file, site->line, "panic [%d] in %s: %s", last_number,
			site->function, last_text);
	panic_is_expected = false;
	longjmp(where_panic_goes, 1);
}

jmp_buf *panic_expected(void)
{
	panic_is_expected = true;
	return &where_panic_goes;
}

void panic_missed(void) { panic_is_expected = false; }
int panic_number(void) { return last_number; }
const char *panic_text(void) { return last_text; }

bool panic_was(int number, const char *text)
{
	return last_number == number && strstr(last_text, text);
}
