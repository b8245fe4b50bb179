/* The text screen: what bytes and escape sequences make of its cells. */
#include "host.h"

#include "user/con/screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ROWS SCREEN_ROWS
#define COLUMNS SCREEN_COLUMNS
#define GREY 0x0700u

static struct screen screen;

static void begin(void **state)
{
	(void)state;
	screen_init(&screen);
	screen.changed = 0;
}

static void put(const char *text) { screen_put(&screen, text, (u32)strlen(text)); }

/* A row's characters, without the blanks at its end. */
static const char *row(u32 number)
{
	static char text[COLUMNS + 1];
	u32 end = 0;

	for (u32 i = 0; i < COLUMNS; i++) {
		text[i] = (char)screen.cell[number][i];
		if (text[i] != ' ')
			end = i + 1;
	}
	text[end] = 0;
	return text;
}

#define ROW(number, wanted)                                                                        \
	CHECK(!strcmp(row(number), wanted), "row %u is \"%s\", not \"%s\"", number, row(number),   \
		wanted)
#define CURSOR(wanted_row, wanted_column)                                                          \
	CHECK(screen.row == (wanted_row) && screen.column == (wanted_column),                      \
		"the cursor is at %u, %u, not %u, %u", screen.row, screen.column, wanted_row,      \
		wanted_column)

static void text(void **state)
{
	begin(state);
	put("one\r\ntwo\bx\ty\a\033");
	ROW(0, "one");
	ROW(1, "twx     y");
	CURSOR(1, 9);
	CHECK_EQUAL(screen.changed, 3);
	CHECK_EQUAL(screen.cell[0][0], GREY | 'o');
	begin(state);
	put("a\nb\rc\303\244\177\001d");
	ROW(0, "a");
	ROW(1, "c?d");
}

/* The cursor waits in the last column until there is a character more. */
static void last_column(void **state)
{
	begin(state);
	for (u32 i = 0; i < COLUMNS; i++)
		put("x");
	CURSOR(0, COLUMNS - 1);
	put("\r\nnext");
	ROW(1, "next");
	begin(state);
	for (u32 i = 0; i < COLUMNS + 1; i++)
		put("x");
	ROW(1, "x");
	CURSOR(1, 1);
	begin(state);
	for (u32 i = 0; i < COLUMNS; i++)
		put("x");
	put("\b\by");
	CHECK_EQUAL(screen.cell[0][COLUMNS - 3], GREY | 'y');
	put("\tz");
	CURSOR(0, COLUMNS - 1);
}

static void scrolling(void **state)
{
	char name[16];

	begin(state);
	for (u32 i = 0; i < ROWS + 2; i++) {
		snprintf(name, sizeof(name), "%sline %u", i ? "\r\n" : "", i);
		put(name);
	}
	ROW(0, "line 2");
	ROW(ROWS - 1, "line 26");
	CURSOR(ROWS - 1, 7);
	CHECK_EQUAL(screen.changed, (1u << ROWS) - 1);
	/* What comes in is of the background. */
	put("\033[44m\n\r");
	CHECK_EQUAL(screen.cell[ROWS - 1][5], 0x1700 | ' ');
}

static void moving(void **state)
{
	begin(state);
	put("\033[5;10H");
	CURSOR(4, 9);
	put("\033[A\033[2C");
	CURSOR(3, 11);
	put("\033[3B\033[4D");
	CURSOR(6, 7);
	put("\033[99A\033[99D");
	CURSOR(0, 0);
	put("\033[99B\033[99C");
	CURSOR(ROWS - 1, COLUMNS - 1);
	put("\033[H\033[3d\033[7G");
	CURSOR(2, 6);
	put("\033[0;0f");
	CURSOR(0, 0);
	put("\033[99999999999;99999999999H");
	CURSOR(ROWS - 1, COLUMNS - 1);
	put("\033[;5H\033[s\033[10;10H\033[u");
	CURSOR(0, 4);
	put("\0337\033[10;10H\0338");
	CURSOR(0, 4);
	put("\033[?25l");
	CHECK(screen.hidden, "the cursor is shown");
	put("\033[?25h");
	CHECK(!screen.hidden, "the cursor is hidden");
	CHECK_EQUAL(screen.changed, 0);
}

static void fill(void)
{
	put("\033[2J\033[H");
	for (u32 i = 0; i < ROWS; i++) {
		put(i ? "\r\n" : "");
		put("abcdefghij");
	}
	put("\033[3;4H");
	screen.changed = 0;
}

static void erasing(void **state)
{
	begin(state);
	fill();
	put("\033[K");
	ROW(2, "abc");
	CHECK_EQUAL(screen.changed, 1u << 2);
	fill();
	put("\033[1K");
	ROW(2, "    efghij");
	fill();
	put("\033[2K");
	ROW(2, "");
	fill();
	put("\033[J");
	ROW(1, "abcdefghij");
	ROW(2, "abc");
	ROW(3, "");
	ROW(ROWS - 1, "");
	fill();
	put("\033[1J");
	ROW(0, "");
	ROW(2, "    efghij");
	ROW(3, "abcdefghij");
	fill();
	put("\033[2J");
	ROW(0, "");
	ROW(ROWS - 1, "");
	CURSOR(2, 3);
}

static void cells(void **state)
{
	begin(state);
	fill();
	put("\033[2@");
	ROW(2, "abc  defghij");
	fill();
	put("\033[2P");
	ROW(2, "abcfghij");
	fill();
	put("\033[3X");
	ROW(2, "abc   ghij");
	put("\033[999P");
	ROW(2, "abc");
	put("\033[999@\033[999X");
	ROW(2, "abc");
	fill();
	put("\033[80G\033[@\033[P\033[X");
	ROW(2, "abcdefghij");
}

static void colours(void **state)
{
	begin(state);
	put("\033[31mr\033[1mR\033[44mB\033[7mi\033[0mn\033[32;41mx\033[39;49my\033[93mz\033[22mw\033[mv\033[4mu");
	CHECK_EQUAL(screen.cell[0][0], 0x0400 | 'r');
	CHECK_EQUAL(screen.cell[0][1], 0x0C00 | 'R');
	CHECK_EQUAL(screen.cell[0][2], 0x1C00 | 'B');
	CHECK_EQUAL(screen.cell[0][3], 0x4100 | 'i');
	CHECK_EQUAL(screen.cell[0][4], GREY | 'n');
	CHECK_EQUAL(screen.cell[0][5], 0x4200 | 'x');
	CHECK_EQUAL(screen.cell[0][6], GREY | 'y');
	CHECK_EQUAL(screen.cell[0][7], 0x0E00 | 'z');
	CHECK_EQUAL(screen.cell[0][8], 0x0600 | 'w');
	CHECK_EQUAL(screen.cell[0][9], GREY | 'v');
	CHECK_EQUAL(screen.cell[0][10], GREY | 'u');
	put("\033[1;42m\033[K");
	CHECK_EQUAL(screen.cell[0][COLUMNS - 1], 0x2700 | ' ');
}

/* Sequences that mean nothing here show nothing either. */
static void unknown(void **state)
{
	begin(state);
	put("a\033[5n\033[>0c\033[?1049h\033[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17;18;19y");
	put("\033(B\033)0\033=\033Mb\033[ qc");
	ROW(0, "abc");
	CURSOR(0, 3);
	/* Begun anew in its midst, and a control byte in one. */
	put("\033[3\033[1;1Hx\033[\r2Cy");
	ROW(0, "xby");
	put("\033c");
	ROW(0, "");
	CURSOR(0, 0);
}

/* Whatever comes stays within the screen, and what has changed is said. */
static void any_bytes(void **state)
{
	static const char often[] = "\033[;0123456789ABCDHJKmPX@\n\r\t\b?";
	struct screen before;

	begin(state);
	random_begin(0x5C);
	for (test_step = 0; test_step < rounds(200000); test_step++) {
		char c = random_below(4) ? often[random_below(sizeof(often))]
					 : (char)random_below(256);

		before = screen;
		screen.changed = 0;
		screen_put(&screen, &c, 1);
		CHECK(screen.row < ROWS && screen.column < COLUMNS, "%u, %u", screen.row,
			screen.column);
		for (u32 i = 0; i < ROWS; i++)
			CHECK(screen.changed & 1u << i || !memcmp(screen.cell[i], before.cell[i],
								  sizeof(screen.cell[i])),
				"row %u has changed, and this is not said", i);
	}
}

const struct CMUnitTest screen_tests[] = {
	cmocka_unit_test(text),
	cmocka_unit_test(last_column),
	cmocka_unit_test(scrolling),
	cmocka_unit_test(moving),
	cmocka_unit_test(erasing),
	cmocka_unit_test(cells),
	cmocka_unit_test(colours),
	cmocka_unit_test(unknown),
	cmocka_unit_test(any_bytes),
};
const size_t screen_test_count = ARRAY_SIZE(screen_tests);
