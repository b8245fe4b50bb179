/* Scan codes: what each key types, with every modifier. */
#include "host.h"

#include "user/con/keyboard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Codes of set 1. */
enum {
	A = 0x1E,
	C = 0x2E,
	ONE = 0x02,
	CAPS = 0x3A,
	CTRL = 0x1D,
	ALT = 0x38,
	SHIFT = 0x2A,
	RIGHT_SHIFT = 0x36,
	UP = 0x80,
	E0 = 0xE0
};

static struct keyboard keyboard;

/* All that the codes type, up to a code of 0. */
static const char *typed(const u8 *code)
{
	static char text[64];
	u32 n = 0;

	while (*code) {
		char bytes[KEYBOARD_TYPED];
		u32 count = keyboard_take(&keyboard, *code++, bytes);

		CHECK(count <= KEYBOARD_TYPED, "%u bytes of one key", count);
		memcpy(text + n, bytes, count);
		n += count;
	}
	text[n] = 0;
	return text;
}

#define TYPES(wanted, ...)                                                                         \
	do {                                                                                       \
		const char *got_ = typed((const u8[]){ __VA_ARGS__, 0 });                          \
		CHECK(!strcmp(got_, wanted), "%s types \"%s\", not \"%s\"", #__VA_ARGS__, got_,    \
			wanted);                                                                   \
	} while (0)

static void begin(void **state)
{
	(void)state;
	memset(&keyboard, 0, sizeof(keyboard));
}

static void keys(void **state)
{
	begin(state);
	TYPES("aa1", A, A, A | UP, ONE, ONE | UP);
	TYPES("\r\177\t\033 ", 0x1C, 0x0E, 0x0F, 0x01, 0x39);
	TYPES("", 0x3B, 0x3B | UP, 0x57, 0x7F, 0x59);
	TYPES("7.*+-", 0x47, 0x53, 0x37, 0x4E, 0x4A);
}

static void modifiers(void **state)
{
	begin(state);
	TYPES("A!a", SHIFT, A, ONE, SHIFT | UP, A);
	TYPES("Aa", RIGHT_SHIFT, A, RIGHT_SHIFT | UP, A);
	/* One of both goes up: the other still holds. */
	TYPES("Aa", SHIFT, RIGHT_SHIFT, SHIFT | UP, A, RIGHT_SHIFT | UP, A);
	TYPES("\001\003b", CTRL, A, C, CTRL | UP, 0x30);
	TYPES("\003", E0, CTRL, C, E0, CTRL | UP);
	TYPES("\033a", ALT, A, ALT | UP);
	TYPES("\033\001", CTRL, ALT, A, CTRL | UP, ALT | UP);
	TYPES("\033[\035", 0x01, 0x1A, CTRL, 0x1B, CTRL | UP); /* ESC [ Ctrl-] */
}

static void caps_lock(void **state)
{
	begin(state);
	/* Letters alone; Shift takes it back. */
	TYPES("A1", CAPS, CAPS | UP, A, ONE);
	TYPES("a!", SHIFT, A, ONE, SHIFT | UP);
	TYPES("\001", CTRL, A, CTRL | UP);
	TYPES("a", CAPS, CAPS | UP, A);
}

static void ctrl_of_other_keys(void **state)
{
	char byte[KEYBOARD_TYPED];

	begin(state);
	TYPES("1\r", CTRL, ONE, 0x1C);
	CHECK_EQUAL(keyboard_take(&keyboard, 0x39, byte), 1); /* blank */
	CHECK_EQUAL(byte[0], 0);
}

static void prefixed_keys(void **state)
{
	begin(state);
	TYPES("\033[A\033[B\033[D\033[C", E0, 0x48, E0, 0x48 | UP, E0, 0x50, E0, 0x4B, E0, 0x4D);
	TYPES("\033[H\033[F\033[2~\033[3~\033[5~\033[6~", E0, 0x47, E0, 0x4F, E0, 0x52, E0, 0x53,
		E0, 0x49, E0, 0x51);
	TYPES("/\r", E0, 0x35, E0, 0x1C);
	/* With Num Lock the keyboard puts a shift around them. */
	TYPES("\033[Aa", E0, SHIFT, E0, 0x48, E0, 0x48 | UP, E0, SHIFT | UP, A);
	TYPES("", E0, A, E0, 0x5B);
}

static void pause_types_nothing(void **state)
{
	begin(state);
	TYPES("a", 0xE1, 0x1D, 0x45, 0xE1, 0x9D, 0xC5, A);
}

/* Whatever comes, it stays within its bounds, and released keys let go. */
static void any_bytes(void **state)
{
	begin(state);
	random_begin(0x0C0DE);
	for (test_step = 0; test_step < rounds(100000); test_step++) {
		char byte[KEYBOARD_TYPED];

		CHECK(keyboard_take(&keyboard, (u8)random_below(256), byte) <= KEYBOARD_TYPED,
			"too much");
	}
	TYPES("", A | UP, A | UP, A | UP, E0, CTRL | UP, CTRL | UP, E0, ALT | UP, ALT | UP,
		SHIFT | UP, RIGHT_SHIFT | UP);
	keyboard.caps = false;
	TYPES("a", A);
}

const struct CMUnitTest keyboard_tests[] = {
	cmocka_unit_test(keys),
	cmocka_unit_test(modifiers),
	cmocka_unit_test(caps_lock),
	cmocka_unit_test(ctrl_of_other_keys),
	cmocka_unit_test(prefixed_keys),
	cmocka_unit_test(pause_types_nothing),
	cmocka_unit_test(any_bytes),
};
const size_t keyboard_test_count = ARRAY_SIZE(keyboard_tests);
