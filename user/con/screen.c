/*
 * From bytes to cells: see screen.h.
 * Sources: ECMA-48, 5th edition, section 8.3; IBM VGA Technical Reference, text attributes.
 */
#include "user/con/screen.h"

#include "lib/compiler.h"
#include "lib/string.h"

#define ESCAPE '\033'
#define DELETE 0x7F
#define TAB 8u
#define GREY 7u
#define BLACK 0u
#define NUMBER_MAX 9999u

/* ---- Cells ---- */

/* SGR counts colours red, green, blue; the device blue, green, red. */
static u16 attribute(const struct screen *screen)
{
	static const u8 device[8] = { 0, 4, 2, 6, 1, 5, 3, 7 };
	u32 front = device[screen->foreground], back = device[screen->background];

	if (screen->inverse)
		return (u16)((back | front << 4) << 8);
	return (u16)((front | (screen->bold ? 8u : 0) | back << 4) << 8);
}

/* Erased cells take the background, but neither bold nor inverse. */
static u16 blank(const struct screen *screen)
{
	struct screen normal = { .foreground = GREY, .background = screen->background };

	return attribute(&normal) | ' ';
}

static void clear(struct screen *screen, u32 row, u32 from, u32 to)
{
	u16 value = blank(screen);

	for (u32 column = from; column < to; column++)
		screen->cell[row][column] = value;
	screen->changed |= 1u << row;
}

static void clear_rows(struct screen *screen, u32 from, u32 to)
{
	for (u32 row = from; row < to; row++)
		clear(screen, row, 0, SCREEN_COLUMNS);
}

static void line_feed(struct screen *screen)
{
	if (screen->row + 1 < SCREEN_ROWS) {
		screen->row++;
		return;
	}
	memmove(screen->cell[0], screen->cell[1], sizeof(screen->cell) - sizeof(screen->cell[0]));
	screen->changed = (1u << SCREEN_ROWS) - 1;
	clear(screen, SCREEN_ROWS - 1, 0, SCREEN_COLUMNS);
}

static void move(struct screen *screen, u32 row, u32 column)
{
	screen->row = MIN(row, SCREEN_ROWS - 1);
	screen->column = MIN(column, SCREEN_COLUMNS - 1);
	screen->wrap = false;
}

static void put_character(struct screen *screen, u8 c)
{
	if (screen->wrap) {
		move(screen, screen->row, 0);
		line_feed(screen);
	}
	screen->cell[screen->row][screen->column] = attribute(screen) | c;
	screen->changed |= 1u << screen->row;
	if (screen->column + 1 < SCREEN_COLUMNS)
		screen->column++;
	else
		screen->wrap = true;
}

/* ---- Sequences ---- */

/* 0 and none stand for `otherwise`. */
static u32 number(const struct screen *screen, u32 i, u32 otherwise)
{
	return i < screen->numbers && screen->number[i] ? screen->number[i] : otherwise;
}

static void erase_screen(struct screen *screen, u32 what)
{
	if (what == 0) {
		clear(screen, screen->row, screen->column, SCREEN_COLUMNS);
		clear_rows(screen, screen->row + 1, SCREEN_ROWS);
	} else if (what == 1) {
		clear_rows(screen, 0, screen->row);
		clear(screen, screen->row, 0, screen->column + 1);
	} else {
		clear_rows(screen, 0, SCREEN_ROWS);
	}
}

static void erase_line(struct screen *screen, u32 what)
{
	clear(screen, screen->row, what == 0 ? screen->column : 0,
		what == 1 ? screen->column + 1 : SCREEN_COLUMNS);
}

/* Cells from the cursor on move to the right or left; those that become free are blank. */
static void insert_cells(struct screen *screen, u32 n)
{
	u16 *at = &screen->cell[screen->row][screen->column];
	u32 left = SCREEN_COLUMNS - screen->column;

	n = MIN(n, left);
	memmove(at + n, at, (left - n) * sizeof(*at));
	clear(screen, screen->row, screen->column, screen->column + n);
}

static void delete_cells(struct screen *screen, u32 n)
{
	u16 *at = &screen->cell[screen->row][screen->column];
	u32 left = SCREEN_COLUMNS - screen->column;

	n = MIN(n, left);
	memmove(at, at + n, (left - n) * sizeof(*at));
	clear(screen, screen->row, SCREEN_COLUMNS - n, SCREEN_COLUMNS);
}

static void normal_look(struct screen *screen)
{
	screen->foreground = GREY;
	screen->background = BLACK;
	screen->bold = screen->inverse = false;
}

/* The bright colours 90 to 97 are bold ones; the device has no bright background. */
static void set_look(struct screen *screen, u32 look)
{
	switch (look) {
	case 0: normal_look(screen); return;
	case 1: screen->bold = true; return;
	case 7: screen->inverse = true; return;
	case 22: screen->bold = false; return;
	case 27: screen->inverse = false; return;
	case 39: screen->foreground = GREY; return;
	case 49: screen->background = BLACK; return;
	default: break;
	}
	if (look >= 30 && look <= 37)
		screen->foreground = look - 30;
	if (look >= 40 && look <= 47)
		screen->background = look - 40;
	if (look >= 90 && look <= 97) {
		screen->foreground = look - 90;
		screen->bold = true;
	}
	if (look >= 100 && look <= 107)
		screen->background = look - 100;
}

static void set_looks(struct screen *screen)
{
	if (!screen->numbers)
		normal_look(screen);
	for (u32 i = 0; i < screen->numbers; i++)
		set_look(screen, screen->number[i]);
}

static void keep_place(struct screen *screen)
{
	screen->kept_row = screen->row;
	screen->kept_column = screen->column;
}

static void move_by(struct screen *screen, char which, u32 n)
{
	u32 row = screen->row, column = screen->column;

	switch (which) {
	case 'A': move(screen, row - MIN(n, row), column); break;
	case 'B': move(screen, row + n, column); break;
	case 'C': move(screen, row, column + n); break;
	default: move(screen, row, column - MIN(n, column));
	}
}

static void end_sequence(struct screen *screen, char final)
{
	u32 first = number(screen, 0, 1);

	switch (final) {
	case 'A':
	case 'B':
	case 'C':
	case 'D': move_by(screen, final, first); break;
	case 'G': move(screen, screen->row, first - 1); break;
	case 'd': move(screen, first - 1, screen->column); break;
	case 'H':
	case 'f': move(screen, first - 1, number(screen, 1, 1) - 1); break;
	case 'J': erase_screen(screen, number(screen, 0, 0)); break;
	case 'K': erase_line(screen, number(screen, 0, 0)); break;
	case '@': insert_cells(screen, first); break;
	case 'P': delete_cells(screen, first); break;
	case 'X':
		clear(screen, screen->row, screen->column,
			MIN(screen->column + first, SCREEN_COLUMNS));
		break;
	case 'm': set_looks(screen); break;
	case 's': keep_place(screen); break;
	case 'u': move(screen, screen->kept_row, screen->kept_column); break;
	default: break;
	}
}

static void end_question(struct screen *screen, char final)
{
	if (number(screen, 0, 0) == 25 && (final == 'h' || final == 'l'))
		screen->hidden = final == 'l';
}

static void add_digit(struct screen *screen, u32 digit)
{
	u32 *last;

	if (!screen->numbers)
		screen->numbers = 1;
	if (screen->numbers > SCREEN_NUMBERS)
		return;
	last = &screen->number[screen->numbers - 1];
	*last = MIN(*last * 10 + digit, NUMBER_MAX);
}

/* A ';' begins the next number, which is 0 until it has digits. */
static void next_number(struct screen *screen)
{
	if (!screen->numbers)
		screen->numbers = 1;
	if (screen->numbers <= SCREEN_NUMBERS)
		screen->numbers++;
}

static void sequence_byte(struct screen *screen, char c)
{
	if (c >= '0' && c <= '9') {
		add_digit(screen, (u32)(c - '0'));
	} else if (c == ';') {
		next_number(screen);
	} else if (c == '?') {
		screen->question = true;
	} else if (c >= '@' && c <= '~') {
		screen->numbers = MIN(screen->numbers, SCREEN_NUMBERS);
		screen->state = SCREEN_TEXT;
		if (screen->question)
			end_question(screen, c);
		else
			end_sequence(screen, c);
	}
}

static void begin_sequence(struct screen *screen)
{
	screen->state = SCREEN_SEQUENCE;
	screen->question = false;
	screen->numbers = 0;
	memset(screen->number, 0, sizeof(screen->number));
}

static void escape_byte(struct screen *screen, char c)
{
	screen->state = SCREEN_TEXT;
	switch (c) {
	case '[': begin_sequence(screen); break;
	case '(':
	case ')': screen->state = SCREEN_SET; break; /* one byte more: a character set */
	case '7': keep_place(screen); break;
	case '8': move(screen, screen->kept_row, screen->kept_column); break;
	case 'c': screen_init(screen); break;
	default: break;
	}
}

/* ---- Bytes ---- */

/* Of a character of several bytes (UTF-8) the first one shows, as '?'. */
static void text_byte(struct screen *screen, u8 c)
{
	if (c >= 0xC0)
		put_character(screen, '?');
	else if (c >= ' ' && c < DELETE)
		put_character(screen, c);
}

/* These work in the midst of a sequence too, as on other terminals. */
static bool control_byte(struct screen *screen, char c)
{
	switch (c) {
	case '\n':
		screen->wrap = false;
		line_feed(screen);
		return true;
	case '\r': move(screen, screen->row, 0); return true;
	case '\b': move_by(screen, 'D', 1); return true;
	case '\t': move(screen, screen->row, ALIGN_DOWN(screen->column, TAB) + TAB); return true;
	case ESCAPE: screen->state = SCREEN_ESCAPE; return true;
	default: return false;
	}
}

static void put(struct screen *screen, char c)
{
	if (control_byte(screen, c))
		return;
	switch (screen->state) {
	case SCREEN_TEXT: text_byte(screen, (u8)c); break;
	case SCREEN_ESCAPE: escape_byte(screen, c); break;
	case SCREEN_SET: screen->state = SCREEN_TEXT; break;
	case SCREEN_SEQUENCE: sequence_byte(screen, c); break;
	}
}

void screen_put(struct screen *screen, const char *bytes, u32 n)
{
	for (u32 i = 0; i < n; i++)
		put(screen, bytes[i]);
}

void screen_init(struct screen *screen)
{
	memset(screen, 0, sizeof(*screen));
	normal_look(screen);
	clear_rows(screen, 0, SCREEN_ROWS);
}
