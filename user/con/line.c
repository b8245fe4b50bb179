/* The line discipline: see line.h. */
#include "user/con/line.h"

#include "lib/compiler.h"
#include "lib/string.h"

#define CTRL(letter) ((letter)&0x1F)
#define BELL '\a'
#define DELETE 0x7F
#define TAB 8u

/* In `ready`: the end of a line without '\n'; where a line would begin, the end of file. */
#define MARK 0x100u

/* ---- What is ready ---- */

static u16 *place(struct line *line, u32 at) { return &line->ready[at % LINE_READY]; }

static u16 entry(const struct line *line, u32 at) { return line->ready[at % LINE_READY]; }

static void push(struct line *line, u16 value) { *place(line, line->end++) = value; }

bool line_has_room(const struct line *line)
{
	return LINE_READY - (line->end - line->first) > LINE_MAX;
}

u32 line_look(const struct line *line, char *to, u32 size)
{
	u32 n = 0;

	for (u32 at = line->first; at != line->end && n < size; at++) {
		u16 value = entry(line, at);

		if (value == MARK && !line->raw)
			break;
		to[n++] = value == MARK ? CTRL('D') : (char)value;
		if (value == '\n' && !line->raw)
			break;
	}
	return n;
}

/* A mark goes with the bytes before it, if these are not a whole line; or it was read alone. */
void line_drop(struct line *line, u32 n)
{
	line->first += n;
	if (line->raw || !line_is_ready(line) || entry(line, line->first) != MARK)
		return;
	if (!n || entry(line, line->first - 1) != '\n')
		line->first++;
}

/* ---- The line that is being typed ---- */

static void echo(struct line *line, const char *text) { line->echo(text, (u32)strlen(text)); }

static bool is_control(u8 byte) { return byte < ' ' || byte == DELETE; }

/* Columns that a byte takes when it is echoed behind `column` others. */
static u32 width(u8 byte, u32 column)
{
	if (byte == '\t')
		return TAB - column % TAB;
	return is_control(byte) ? 2 : 1;
}

static u32 columns(const struct line *line)
{
	u32 sum = 0;

	for (u32 i = 0; i < line->length; i++)
		sum += width((u8)line->edit[i], sum);
	return sum;
}

static void echo_byte(struct line *line, u8 byte)
{
	char text[2] = { (char)byte, 0 };

	if (byte == '\t')
		line->echo("        ", width(byte, columns(line)));
	else if (is_control(byte))
		line->echo((const char[]){ '^', (char)(byte ^ 0x40) }, 2);
	else
		line->echo(text, 1);
}

static void erase(struct line *line, u32 length)
{
	u32 before = columns(line);

	line->length = length;
	for (u32 n = before - columns(line); n; n--)
		echo(line, "\b \b");
}

/* One bell for all that is refused in a row. */
static void refuse(struct line *line)
{
	if (!line->refused)
		echo(line, (const char[]){ BELL, 0 });
	line->refused = true;
}

static void append(struct line *line, u8 byte)
{
	if (line->length == LINE_MAX - 1) {
		refuse(line);
		return;
	}
	line->refused = false;
	echo_byte(line, byte);
	line->edit[line->length++] = (char)byte;
}

static void move_to_ready(struct line *line)
{
	for (u32 i = 0; i < line->length; i++)
		push(line, (u8)line->edit[i]);
	line->length = 0;
}

static void finish(struct line *line, u16 end)
{
	move_to_ready(line);
	push(line, end);
	line->refused = false;
}

static void edit(struct line *line, u8 byte)
{
	switch (byte) {
	case '\r':
	case '\n':
		echo(line, "\n");
		finish(line, '\n');
		break;
	case '\b':
	case DELETE:
		if (line->length)
			erase(line, line->length - 1);
		break;
	case CTRL('U'): erase(line, 0); break;
	case CTRL('D'): finish(line, MARK); break;
	case CTRL('C'):
		line->length = 0;
		echo(line, "^C\n");
		break;
	default: append(line, byte);
	}
}

/* ---- Both modes ---- */

static void interrupt(struct line *line)
{
	line->length = 0;
	line->first = line->end;
	line->refused = false;
	echo(line, "^C\n");
}

static void take(struct line *line, u8 byte)
{
	if (!line_has_room(line)) {
		refuse(line);
	} else if (line->raw) {
		line->refused = false;
		push(line, byte);
	} else {
		edit(line, byte);
	}
}

bool line_put(struct line *line, u8 byte)
{
	bool interrupts = byte == CTRL('C') && line->interrupts;

	if (interrupts)
		interrupt(line);
	else
		take(line, byte);
	return interrupts;
}

/* The bytes that wait are typed again, each into the room that it leaves. */
static bool edit_ready(struct line *line)
{
	bool interrupted = false;

	for (u32 end = line->end, at = line->first; at != end; at++) {
		u16 value = entry(line, at);

		line->first = at + 1;
		edit(line, value == MARK ? CTRL('D') : (u8)value);
		if (value != CTRL('C'))
			continue;
		line->end = end;
		interrupted = true;
	}
	return interrupted;
}

bool line_set_raw(struct line *line, bool raw)
{
	bool was = line->raw;

	line->raw = raw;
	if (raw && !was)
		move_to_ready(line);
	return was && !raw && edit_ready(line);
}
