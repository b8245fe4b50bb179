/* The console's last text: what is read is what was written, whatever has gone meanwhile. */
#include "host.h"

#include "arch/x86/console/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The text: each byte says its number. */
static char byte_of(u32 number) { return (char)(number * 7 + number / 251); }

static u32 written;

static void write(u32 n)
{
	for (; n; n--)
		log_put(byte_of(written++));
}

/* Reads from `number` on to the end, in pieces; the number of the first byte. */
static u32 read_from(u32 number, u32 piece)
{
	u32 first = log_first(number), n;
	char text[300];

	for (u32 at = first; (n = log_read(at, text, piece)); at += n)
		for (u32 i = 0; i < n; i++)
			CHECK(text[i] == byte_of(at + i), "byte %u is %d, not %d", at + i, text[i],
				byte_of(at + i));
	return first;
}

/* As long as fewer than 2 GiB were written, this one is yet to come. */
static void find_the_end(void) { written = log_first(0x7FFFFFFFu); }

static void log_ends(void **state)
{
	char text[4];
	u32 start;

	(void)state;
	find_the_end();
	start = written;
	CHECK_EQUAL(log_first(start), start);
	CHECK_EQUAL(log_read(start, text, 4), 0);
	write(3);
	CHECK_EQUAL(log_first(start), start);
	CHECK_EQUAL(log_read(start, text, 4), 3);
	CHECK_EQUAL(log_read(start + 1, text, 1), 1);
	CHECK_EQUAL(text[0], byte_of(start + 1));
	CHECK_EQUAL(log_read(start + 3, text, 4), 0);
	/* What is yet to come. */
	CHECK_EQUAL(log_first(start + 4), start + 3);
	CHECK_EQUAL(log_read(start + 4, text, 4), 0);
}

static void log_is_a_ring(void **state)
{
	char text[1];

	(void)state;
	random_begin(0x106);
	find_the_end();
	write(LOG_BYTES);
	for (test_step = 0; test_step < rounds(200); test_step++) {
		u32 oldest;

		write(random_below(LOG_BYTES / 8));
		oldest = written - LOG_BYTES;
		CHECK_EQUAL(read_from(oldest - 1, 1 + random_below(300)), oldest);
		CHECK_EQUAL(read_from(written, 300), written);
		CHECK_EQUAL(log_read(oldest - 1, text, 1), 0);
	}
	CHECK(written > 8 * LOG_BYTES, "only %u bytes were written", written);
}

const struct CMUnitTest log_tests[] = {
	cmocka_unit_test(log_ends),
	cmocka_unit_test(log_is_a_ring),
};
const size_t log_test_count = ARRAY_SIZE(log_tests);
