/* lib/ against the host's C library: strings, memory, numbers, formatting. */
#include "fake/machine.h"
#include "host.h"

#include "arch/x86/firmware/rammap.h"
#include "lib/parse.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The names that fake/rename.h gives them. */
void *tarn_memset(void *dst, int byte, size_t n);
void *tarn_memcpy(void *restrict dst, const void *restrict src, size_t n);
void *tarn_memmove(void *dst, const void *src, size_t n);
int tarn_memcmp(const void *a, const void *b, size_t n);
size_t tarn_strlen(const char *s);
int tarn_strcmp(const char *a, const char *b);
int tarn_strncmp(const char *a, const char *b, size_t n);
const char *tarn_strchr(const char *s, int c);
size_t tarn_strlcpy(char *dst, const char *src, size_t size);
int tarn_snprintf(char *buf, size_t size, const char *fmt, ...);

static int sign(int n) { return (n > 0) - (n < 0); }

static void memory_functions(void **state)
{
	u8 *a = malloc(300), *b = malloc(300); /* the sanitizer watches their ends */

	(void)state;
	random_begin(21);
	for (test_step = 1; test_step <= rounds(4000); test_step++) {
		u32 n = random_below(200), to = random_below(301 - n), from = random_below(301 - n);

		for (u32 i = 0; i < 300; i++)
			a[i] = b[i] = (u8)random_below(test_step % 2 ? 3 : 256);
		CHECK_EQUAL(
			sign(tarn_memcmp(a + to, a + from, n)), sign(memcmp(a + to, a + from, n)));
		CHECK(tarn_memmove(a + to, a + from, n) == a + to, "memmove");
		memmove(b + to, b + from, n);
		CHECK(!memcmp(a, b, 300), "memmove of %u from %u to %u", n, from, to);
		CHECK(tarn_memset(a + to, (int)test_step, n) == a + to, "memset");
		memset(b + to, (int)test_step, n);
		CHECK(!memcmp(a, b, 300), "memset of %u at %u", n, to);
		if (to + n <= from || from + n <= to) {
			tarn_memcpy(a + to, a + from, n);
			memcpy(b + to, b + from, n);
			CHECK(!memcmp(a, b, 300), "memcpy of %u from %u to %u", n, from, to);
		}
	}
	free(a);
	free(b);
}

static void random_text(char *text, u32 size)
{
	u32 n = random_below(size);

	for (u32 i = 0; i < n; i++)
		text[i] = (char)(random_below(4) ? 'a' + (int)random_below(3)
						 : (int)random_below(255) - 127);
	text[n] = 0;
}

static void string_functions(void **state)
{
	char a[40], b[40], c[40];

	(void)state;
	random_begin(22);
	for (test_step = 1; test_step <= rounds(6000); test_step++) {
		u32 n = random_below(20), size = 1 + random_below(39);
		int letter = one_in(4) ? 0 : 'a';

		random_text(a, one_in(2) ? 6 : 40);
		random_text(b, one_in(2) ? 6 : 40);
		CHECK_EQUAL(tarn_strlen(a), strlen(a));
		CHECK_EQUAL(sign(tarn_strcmp(a, b)), sign(strcmp(a, b)));
		CHECK_EQUAL(sign(tarn_strncmp(a, b, n)), sign(strncmp(a, b, n)));
		CHECK(tarn_strchr(a, letter) == strchr(a, letter), "strchr");
		memset(c, 'x', sizeof(c));
		CHECK_EQUAL(tarn_strlcpy(c, a, size), strlen(a));
		CHECK(strlen(c) == MIN(strlen(a), size - 1) && !strncmp(c, a, size - 1),
			"strlcpy of %s: %s", a, c);
	}
}

#define FORMATS 12
static const char *const conversion[FORMATS] = { "d", "i", "u", "x", "X", "o", "hd", "hhu", "lld",
	"llx", "llo", "llu" };

static void random_format(char *fmt, const char *end)
{
	char *at = fmt;

	*at++ = '<';
	*at++ = '%';
	for (u32 i = random_below(3); i > 0; i--)
		*at++ = "-0#+ "[random_below(5)];
	if (one_in(2))
		at += sprintf(at, "%u", 1 + random_below(30));
	if (one_in(3))
		at += sprintf(at, ".%u", random_below(25));
	sprintf(at, "%s>", end);
}

static void formatted_numbers(void **state)
{
	char fmt[40], mine[100], host[100];

	(void)state;
	random_begin(23);
	for (test_step = 1; test_step <= rounds(20000); test_step++) {
		u32 kind = random_below(FORMATS), size = one_in(4) ? random_below(30) : 100;
		u64 value =
			one_in(8) ? 0
				  : (((u64)random_u32() << 32) | random_u32()) >> random_below(64);
		int got, want;

		random_format(fmt, conversion[kind]);
		memset(mine, 1, sizeof(mine));
		memset(host, 1, sizeof(host));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		if (kind < 8) {
			got = tarn_snprintf(mine, size, fmt, (u32)value);
			want = snprintf(host, size, fmt, (u32)value);
		} else {
			got = tarn_snprintf(mine, size, fmt, (unsigned long long)value);
			want = snprintf(host, size, fmt, (unsigned long long)value);
		}
#pragma GCC diagnostic pop
		CHECK(got == want && !memcmp(mine, host, sizeof(mine)),
			"%s of %llx: \"%s\", the host says \"%s\"", fmt, (unsigned long long)value,
			mine, host);
	}
}

static void formatted_text(void **state)
{
	char text[40], fmt[40], mine[100], host[100];

	(void)state;
	random_begin(24);
	for (test_step = 1; test_step <= rounds(4000); test_step++) {
		random_text(text, 30);
		sprintf(fmt, one_in(2) ? "<%%%s%u.%us|%%c%%%%>" : "<%%%s%us|%%c%%%%>",
			one_in(2) ? "-" : "", 1 + random_below(40), random_below(40));
		tarn_snprintf(mine, sizeof(mine), fmt, text, 'q');
		snprintf(host, sizeof(host), fmt, text, 'q');
		CHECK(!strcmp(mine, host), "%s of %s: \"%s\", the host says \"%s\"", fmt, text,
			mine, host);
		tarn_snprintf(mine, sizeof(mine), "<%*.*s>", (int)random_below(20) - 10,
			(int)random_below(20) - 3, text);
	}
}

static void numbers_in_text(void **state)
{
	char text[40];
	u64 value;

	(void)state;
	random_begin(25);
	for (test_step = 1; test_step <= rounds(4000); test_step++) {
		u64 number = (((u64)random_u32() << 32) | random_u32()) >> random_below(64);
		u32 shift = random_below(4) * 10, number32;
		const char *end;

		sprintf(text, one_in(2) ? "%llu," : "0x%llx,", (unsigned long long)number);
		end = parse_u64(text, &value);
		CHECK(end && *end == ',' && value == number, "%s: %llx", text,
			(unsigned long long)value);
		end = parse_u32(text, &number32);
		CHECK(!end == (number > UINT32_MAX) && (!end || number32 == number), "%s: %x", text,
			number32);
		sprintf(text, "%llu%c!", (unsigned long long)number, " KMG"[shift / 10]);
		end = parse_size(text, &value);
		CHECK(!end == (shift && (number << shift) >> shift != number), "%s: %s", text,
			end ? "fits" : "does not fit");
		CHECK(!end || value == number << shift, "%s: %llx", text,
			(unsigned long long)value);
	}
	CHECK(!parse_u64("", &value) && !parse_u64("0x", &value) && !parse_u64("x1", &value) &&
			!parse_u64("18446744073709551616", &value) &&
			!parse_u64("0x10000000000000000", &value) && !parse_size("", &value),
		"a number out of nothing");
}

/* The loader's memory map against a map of bytes: any order, overlaps, holes cut out. */
static u8 bytes[400];

static void check_rammap(void)
{
	u32 at = 0;

	rammap_store();
	for (u32 i = 0; i < bootinfo.nranges; i++) {
		for (; at < bootinfo.range[i].start; at++)
			CHECK(bytes[4 * at] + bytes[4 * at + 1] + bytes[4 * at + 2] +
						bytes[4 * at + 3] <
					4,
				"page %u is RAM and left out", at);
		for (; at < bootinfo.range[i].end; at++)
			CHECK(bytes[4 * at] + bytes[4 * at + 1] + bytes[4 * at + 2] +
						bytes[4 * at + 3] ==
					4,
				"page %u is no RAM", at);
	}
	for (; at < sizeof(bytes) / 4; at++)
		CHECK(bytes[4 * at] + bytes[4 * at + 1] + bytes[4 * at + 2] + bytes[4 * at + 3] < 4,
			"page %u is RAM and left out", at);
}

/* (One byte of the model is 1 KiB.) */
static void memory_maps(void **state)
{
	(void)state;
	random_begin(26);
	for (test_step = 1; test_step <= rounds(400); test_step++) {
		machine_new(1);
		CHECK(rammap_empty(), "not empty");
		memset(bytes, 0, sizeof(bytes));
		for (u32 i = random_below(30); i > 0; i--) {
			u32 start = random_below(sizeof(bytes)),
			    n = random_below((u32)sizeof(bytes) - start) / (1 + random_below(20));

			rammap_add(KIB(start), KIB(n));
			memset(bytes + start, 1, n);
		}
		for (u32 i = random_below(6); i > 0; i--) {
			u32 start = random_below(sizeof(bytes)),
			    n = random_below((u32)sizeof(bytes) - start) / (1 + random_below(20));

			rammap_remove(KIB(start), KIB(n));
			memset(bytes + start, 0, n);
		}
		check_rammap();
	}
}

const struct CMUnitTest lib_tests[] = {
	cmocka_unit_test(memory_functions),
	cmocka_unit_test(string_functions),
	cmocka_unit_test(formatted_numbers),
	cmocka_unit_test(formatted_text),
	cmocka_unit_test(numbers_in_text),
	cmocka_unit_test(memory_maps),
};
const size_t lib_test_count = ARRAY_SIZE(lib_tests);
