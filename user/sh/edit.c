/* Line editing: see edit.h. */
#include "user/sh/edit.h"

#include "lib/compiler.h"
#include "lib/format.h"
#include "lib/string.h"

#define CTRL(letter) ((letter)&0x1F)
#define ESCAPE 0x1B
#define DELETE 0x7F

enum { STATE_TEXT, STATE_ESCAPE, STATE_SEQUENCE };

/* ---- Showing ---- */

static void say(struct edit *edit, const char *text) { edit->show(text, (u32)strlen(text)); }

/* Columns for the line; the last one stays empty, so that nothing wraps. */
static u32 window(const struct edit *edit)
{
	u32 prompt = (u32)strlen(edit->prompt);

	return edit->columns > prompt + 8 ? edit->columns - prompt - 1 : 8;
}

/* By half a window when the cursor leaves it. */
static bool scroll(struct edit *edit)
{
	u32 columns = window(edit), before = edit->left;

	if (edit->at < edit->left || edit->at > edit->left + columns)
		edit->left = edit->at > columns / 2 ? edit->at - columns / 2 : 0;
	return edit->left != before;
}

static void show_window(struct edit *edit)
{
	u32 shown = MIN(edit->length - edit->left, window(edit));
	u32 back = edit->left + shown - edit->at;
	char text[24];

	edit->show("\r", 1);
	say(edit, edit->prompt);
	edit->show(edit->text + edit->left, shown);
	say(edit, "\033[K");
	if (!back)
		return;
	snprintf(text, sizeof(text), "\033[%uD", back);
	say(edit, text);
}

void edit_show(struct edit *edit)
{
	scroll(edit);
	show_window(edit);
}

void edit_refuse(struct edit *edit) { edit->show("\a", 1); }

void edit_begin(struct edit *edit, const char *prompt)
{
	strlcpy(edit->prompt, prompt, sizeof(edit->prompt));
	edit->length = edit->at = edit->left = 0;
	edit->cut = false;
	edit->text[0] = 0;
	edit->state = STATE_TEXT;
	edit->looked_at = edit->lines;
	edit_show(edit);
}

/* ---- Changing ---- */

static bool insert(struct edit *edit, char c)
{
	if (edit->length + 1 >= EDIT_MAX) {
		edit->cut = true;
		return false;
	}
	memmove(edit->text + edit->at + 1, edit->text + edit->at, edit->length + 1 - edit->at);
	edit->text[edit->at++] = c;
	edit->length++;
	return true;
}

/* At the end of a line that fits the character alone is shown. */
static void type(struct edit *edit, char c)
{
	bool behind = edit->at == edit->length, rung = edit->cut;

	if (!insert(edit, c) && !rung)
		edit_refuse(edit);
	else if (edit->cut)
		return;
	else if (scroll(edit) || !behind)
		show_window(edit);
	else
		edit->show(&c, 1);
}

void edit_insert(struct edit *edit, const char *text)
{
	while (*text && insert(edit, *text))
		text++;
	edit_show(edit);
}

/* The bytes from `first` to `end`. */
static void cut(struct edit *edit, u32 first, u32 end)
{
	if (first == end) {
		edit_refuse(edit);
		return;
	}
	memmove(edit->text + first, edit->text + end, edit->length + 1 - end);
	edit->length -= end - first;
	edit->at = first;
	edit->cut = false;
	edit->left = MIN(edit->left, edit->length);
	edit_show(edit);
}

static u32 word_start(const struct edit *edit)
{
	u32 at = edit->at;

	while (at && edit->text[at - 1] == ' ')
		at--;
	while (at && edit->text[at - 1] != ' ')
		at--;
	return at;
}

static void go(struct edit *edit, u32 to)
{
	edit->at = to;
	edit_show(edit);
}

static void go_left(struct edit *edit) { go(edit, edit->at ? edit->at - 1 : 0); }
static void go_right(struct edit *edit) { go(edit, MIN(edit->at + 1, edit->length)); }

static void delete_here(struct edit *edit) { cut(edit, edit->at, MIN(edit->at + 1, edit->length)); }

static void delete_before(struct edit *edit) { cut(edit, edit->at ? edit->at - 1 : 0, edit->at); }

/* ---- History ---- */

static char *history(struct edit *edit, u32 line) { return edit->history[line % HISTORY]; }

void edit_keep(struct edit *edit)
{
	if (!edit->length || (edit->lines && !strcmp(history(edit, edit->lines - 1), edit->text)))
		return;
	strlcpy(history(edit, edit->lines++), edit->text, EDIT_MAX);
}

static void replace(struct edit *edit, const char *text)
{
	edit->length = edit->at = (u32)strlcpy(edit->text, text, EDIT_MAX);
	edit->cut = false;
	edit->left = 0;
	edit_show(edit);
}

/* To an older or a newer line; the newest of all is the one that is typed. */
static void look_at(struct edit *edit, u32 line)
{
	if (line > edit->lines || edit->lines - line > HISTORY || line + HISTORY < line) {
		edit_refuse(edit);
		return;
	}
	if (edit->looked_at == edit->lines)
		strlcpy(edit->newest, edit->text, EDIT_MAX);
	edit->looked_at = line;
	replace(edit, line == edit->lines ? edit->newest : history(edit, line));
}

/* ---- Keys ---- */

/* ESC [ number final, ESC O final. */
static void do_sequence(struct edit *edit, u8 final)
{
	switch (final == '~' ? edit->number : final) {
	case 'A': look_at(edit, edit->looked_at - 1); break;
	case 'B': look_at(edit, edit->looked_at + 1); break;
	case 'C': go_right(edit); break;
	case 'D': go_left(edit); break;
	case 'H':
	case 1:
	case 7: go(edit, 0); break;
	case 'F':
	case 4:
	case 8: go(edit, edit->length); break;
	case 3: delete_here(edit); break;
	default: edit_refuse(edit);
	}
}

static void put_in_sequence(struct edit *edit, u8 byte)
{
	if (edit->state == STATE_ESCAPE) {
		edit->state = byte == '[' || byte == 'O' ? STATE_SEQUENCE : STATE_TEXT;
		edit->number = 0;
	} else if (byte >= '0' && byte <= '9') {
		edit->number = (edit->number * 10 + byte - '0') % 1000;
	} else if (byte >= '@' && byte <= '~') {
		edit->state = STATE_TEXT;
		do_sequence(edit, byte);
	}
}

static void do_control(struct edit *edit, u8 byte)
{
	switch (byte) {
	case '\b':
	case DELETE: delete_before(edit); break;
	case CTRL('A'): go(edit, 0); break;
	case CTRL('B'): go_left(edit); break;
	case CTRL('D'): delete_here(edit); break;
	case CTRL('E'): go(edit, edit->length); break;
	case CTRL('F'): go_right(edit); break;
	case CTRL('K'): cut(edit, edit->at, edit->length); break;
	case CTRL('L'):
		say(edit, "\033[H\033[J");
		edit_show(edit);
		break;
	case CTRL('N'): look_at(edit, edit->looked_at + 1); break;
	case CTRL('P'): look_at(edit, edit->looked_at - 1); break;
	case CTRL('U'): cut(edit, 0, edit->at); break;
	case CTRL('W'): cut(edit, word_start(edit), edit->at); break;
	case ESCAPE: edit->state = STATE_ESCAPE; break;
	default: edit_refuse(edit);
	}
}

enum edit_result edit_put(struct edit *edit, u8 byte)
{
	if (edit->state != STATE_TEXT && byte >= ' ') {
		put_in_sequence(edit, byte);
		return EDIT_MORE;
	}
	/* A control character ends a sequence that is not whole, and is none of it. */
	edit->state = STATE_TEXT;
	switch (byte) {
	case '\r':
	case '\n': say(edit, "\n"); return edit->cut ? EDIT_TOO_LONG : EDIT_LINE;
	case '\t': return EDIT_COMPLETE;
	case CTRL('C'):
		go(edit, edit->length);
		say(edit, "^C\n");
		return EDIT_INTERRUPT;
	case CTRL('D'):
		if (!edit->length) {
			say(edit, "\n");
			return EDIT_END;
		}
		break;
	default: break;
	}
	if (byte >= ' ' && byte < DELETE)
		type(edit, (char)byte);
	else
		do_control(edit, byte);
	return EDIT_MORE;
}
