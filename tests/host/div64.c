/*
 * Compares lib/div64.c with the host's own division: edge values in all pairs, then pseudo-random
 * ones of every length.
 */
#include <inttypes.h>
#include <stdio.h>

#define __udivmoddi4 tarn_udivmoddi4
#define __udivdi3 tarn_udivdi3
#define __umoddi3 tarn_umoddi3
#define __divdi3 tarn_divdi3
#define __moddi3 tarn_moddi3
#include "lib/div64.c"

static u64 random_state = 0x9E3779B97F4A7C15u;
static unsigned long failures, pairs;

/* xorshift64 (Marsaglia 2003). */
static u64 random_bits(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void expect(u64 got, u64 want, const char *what, u64 a, u64 b)
{
	if (got == want)
		return;
	failures++;
	printf("%s of %#" PRIx64 " and %#" PRIx64 ": %#" PRIx64 ", expected %#" PRIx64 "\n", what,
		a, b, got, want);
}

static void check(u64 a, u64 b)
{
	u64 rest;

	if (b == 0)
		return;
	pairs++;
	expect(tarn_udivdi3(a, b), a / b, "unsigned quotient", a, b);
	expect(tarn_umoddi3(a, b), a % b, "unsigned remainder", a, b);
	expect(tarn_udivmoddi4(a, b, &rest), a / b, "quotient with remainder", a, b);
	expect(rest, a % b, "remainder with quotient", a, b);
	if ((s64)a == INT64_MIN && (s64)b == -1)
		return;
	expect((u64)tarn_divdi3((s64)a, (s64)b), (u64)((s64)a / (s64)b), "signed quotient", a, b);
	expect((u64)tarn_moddi3((s64)a, (s64)b), (u64)((s64)a % (s64)b), "signed remainder", a, b);
}

int main(void)
{
	u64 edge[3 * 64 + 1];
	u32 n = 0;

	for (u32 bit = 0; bit < 64; bit++) {
		edge[n++] = (u64)1 << bit;
		edge[n++] = ((u64)1 << bit) - 1;
		edge[n++] = -((u64)1 << bit);
	}
	edge[n++] = 0xAAAAAAAAAAAAAAAAu;
	for (u32 i = 0; i < n; i++)
		for (u32 j = 0; j < n; j++)
			check(edge[i], edge[j]);
	for (u32 i = 0; i < 1000000; i++) {
		u64 a = random_bits() >> (random_bits() % 64),
		    b = random_bits() >> (random_bits() % 64);

		check(a, b);
	}
	printf("%lu pairs, %lu failures\n", pairs, failures);
	return failures != 0;
}
