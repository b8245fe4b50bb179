/* The line discipline: what can be read, what is echoed, what is refused. */
#include "host.h"

#include "user/con/line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct line line;
static char echoed[1 << 20];
static u32 echoes;

static void echo(const char *bytes, u32 n)
{
	CHECK(echoes + n < sizeof(echoed), "endless echo");
	memcpy(echoed + echoes, bytes, n);
	echoes += n;
	echoed[echoes] = 0;
}

static void begin(void **state)
{
	(void)state;
	memset(&line, 0, sizeof(line));
	line.echo = echo;
	echoes = 0;
	echoed[0] = 0;
}

/* How often the interrupt key was among them. */
static u32 put(const char *bytes)
{
	u32 interrupts = 0;

	for (; *bytes; bytes++)
		interrupts += line_put(&line, (u8)*bytes);
	return interrupts;
}

static const char *take(u32 size)
{
	static char text[LINE_READY + 1];
	u32 n = line_look(&line, text, size);

	line_drop(&line, n);
	text[n] = 0;
	return text;
}

#define READS(wanted, size)                                                                        \
	do {                                                                                       \
		const char *got_ = take(size);                                                     \
		CHECK(!strcmp(got_, wanted), "read \"%s\", not \"%s\"", got_, wanted);             \
	} while (0)
#define NOTHING_READY CHECK(!line_is_ready(&line), "\"%s\" is ready", take(100))
#define ECHOED(wanted)                                                                             \
	do {                                                                                       \
		CHECK(!strcmp(echoed, wanted), "echoed \"%s\", not \"%s\"", echoed, wanted);       \
		echoes = 0;                                                                        \
		echoed[0] = 0;                                                                     \
	} while (0)

static void lines(void **state)
{
	begin(state);
	put("one");
	NOTHING_READY;
	put("\rtwo\n");
	READS("one\n", 100);
	READS("two\n", 100);
	NOTHING_READY;
	ECHOED("one\ntwo\n");
	put("longer\n");
	READS("lon", 3);
	READS("ger", 3);
	READS("\n", 3);
	NOTHING_READY;
}

static void editing(void **state)
{
	begin(state);
	put("ab\bc\177d\177\177\177\177x\n");
	READS("x\n", 100);
	ECHOED("ab\b \bc\b \bd\b \b\b \bx\n");
	put("abc\025\025d\n");
	READS("d\n", 100);
	ECHOED("abc\b \b\b \b\b \bd\n");
	/* A control character takes two columns, a tab as many as it shows. */
	put("\001\177ab\t\177\n");
	READS("ab\n", 100);
	ECHOED("^A\b \b\b \bab      \b \b\b \b\b \b\b \b\b \b\b \b\n");
}

static void end_of_file(void **state)
{
	begin(state);
	put("\004");
	CHECK(line_is_ready(&line), "no end of file");
	READS("", 100);
	NOTHING_READY;
	/* Behind bytes it only ends the line. */
	put("abc\004d\004\004");
	READS("abc", 100);
	READS("d", 1);
	READS("", 100);
	NOTHING_READY;
	put("abc\004e\n");
	READS("abc", 3);
	READS("e\n", 100);
	/* Behind a line it is one of its own. */
	put("x\n\004");
	READS("x\n", 100);
	CHECK(line_is_ready(&line), "no end of file");
	READS("", 100);
	NOTHING_READY;
	/* Whoever asks for nothing gets that, and takes nothing. */
	put("y\n");
	READS("", 0);
	READS("y\n", 100);
	ECHOED("abcdabce\nx\ny\n");
}

static void interrupt_key(void **state)
{
	begin(state);
	CHECK_EQUAL(put("ready\nabc\003"), 0);
	ECHOED("ready\nabc^C\n");
	put("d\n");
	READS("ready\n", 100);
	READS("d\n", 100);
	line.interrupts = true;
	CHECK_EQUAL(put("typed ahead\nabc\003\003"), 2);
	NOTHING_READY;
	line.raw = true;
	CHECK_EQUAL(put("abc\003x"), 1);
	READS("x", 100);
	line.interrupts = false;
	CHECK_EQUAL(put("a\003"), 0);
	READS("a\003", 100);
}

static void raw_mode(void **state)
{
	begin(state);
	line_set_raw(&line, true);
	put("a\r\177\025\004\n");
	READS("a\r", 2);
	READS("\177\025\004\n", 100);
	NOTHING_READY;
	ECHOED("");
}

static void modes_change(void **state)
{
	begin(state);
	put("one\ntw");
	line_set_raw(&line, true);
	READS("one\ntw", 100);
	ECHOED("one\ntw");
	put("hallo\177\relse");
	line_set_raw(&line, false);
	ECHOED("hallo\b \b\nelse");
	READS("hall\n", 100);
	NOTHING_READY;
	put("!\n");
	READS("else!\n", 100);
	put("a\004");
	line_set_raw(&line, true);
	READS("a\004", 100);
	put("b\004");
	line_set_raw(&line, false);
	READS("b", 100);
	NOTHING_READY;
}

static void key_typed_ahead(void **state)
{
	begin(state);
	line_set_raw(&line, true);
	put("one\rtwo\003three\rfour");
	CHECK(line_set_raw(&line, false), "the interrupt key is lost");
	ECHOED("one\ntwo^C\nthree\nfour");
	READS("three\n", 100);
	NOTHING_READY;
	put("\n");
	READS("four\n", 100);
	line_set_raw(&line, true);
	put("no key");
	CHECK(!line_set_raw(&line, false), "an interrupt key that nobody typed");
}

static void long_lines(void **state)
{
	u32 bells = 0;

	begin(state);
	for (u32 i = 0; i < 2 * LINE_MAX; i++)
		line_put(&line, 'x');
	for (u32 i = 0; i < echoes; i++)
		bells += echoed[i] == '\a';
	CHECK_EQUAL(bells, 1);
	CHECK_EQUAL(echoes, LINE_MAX);
	put("\177y\n");
	CHECK_EQUAL(line_look(&line, echoed, LINE_READY), LINE_MAX);
	CHECK(!memcmp(echoed + LINE_MAX - 3, "xy\n", 3), "its end is %.3s", echoed + LINE_MAX - 3);
}

/* What has no room is refused whole, and the interrupt key is found all the same. */
static void no_room(void **state)
{
	u32 taken = 0;

	begin(state);
	line.interrupts = true;
	for (; line_has_room(&line); taken++)
		put("x\n");
	CHECK(taken * 2 + LINE_MAX >= LINE_READY, "only %u lines", taken);
	echoes = 0;
	put("refused\n");
	ECHOED("\a");
	for (u32 i = 0; i < taken; i++)
		READS("x\n", 100);
	NOTHING_READY;
	while (line_has_room(&line))
		put("x\n");
	CHECK_EQUAL(put("zzz\003"), 1);
	NOTHING_READY;
	put("y\n");
	READS("y\n", 100);
}

/* Against a list of what should come out: random bytes, reads of random sizes, both modes. */
static void any_bytes(void **state)
{
	static u8 wanted[1 << 20];
	u32 put_in = 0, taken = 0;

	begin(state);
	random_begin(0x11E);
	line_set_raw(&line, true);
	for (test_step = 0; test_step < rounds(200000); test_step++) {
		char text[64];
		u32 n;

		if (random_below(2) && line_has_room(&line) && put_in < sizeof(wanted)) {
			wanted[put_in] = (u8)random_below(256);
			line_put(&line, wanted[put_in++]);
			continue;
		}
		n = line_look(&line, text, random_below(sizeof(text)));
		CHECK(!memcmp(text, wanted + taken, n), "other bytes from %u on", taken);
		line_drop(&line, n);
		taken += n;
	}
	/* And in mode line nothing leaves its bounds. */
	line_set_raw(&line, false);
	for (; test_step < rounds(400000); test_step++) {
		char text[64];
		u32 n;

		echoes = 0;
		line_put(&line, (u8)random_below(random_below(4) ? 256 : 32));
		if (random_below(100) == 0)
			line_set_raw(&line, random_below(2));
		n = line_look(&line, text, random_below(sizeof(text)));
		if (line_is_ready(&line) && random_below(3))
			line_drop(&line, n);
		CHECK(line.length < LINE_MAX && line.end - line.first <= LINE_READY, "%u, %u",
			line.length, line.end - line.first);
	}
}

const struct CMUnitTest line_tests[] = {
	cmocka_unit_test(lines),
	cmocka_unit_test(editing),
	cmocka_unit_test(end_of_file),
	cmocka_unit_test(interrupt_key),
	cmocka_unit_test(raw_mode),
	cmocka_unit_test(modes_change),
	cmocka_unit_test(key_typed_ahead),
	cmocka_unit_test(long_lines),
	cmocka_unit_test(no_room),
	cmocka_unit_test(any_bytes),
};
const size_t line_test_count = ARRAY_SIZE(line_tests);
