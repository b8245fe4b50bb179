/*
 * The line discipline: what is typed becomes lines that can be read, and an echo.
 *
 * Mode line: Backspace (08 or 7F) takes back a byte, Ctrl-U the line, Enter ends it ('\r' becomes
 * '\n'), Ctrl-D ends it without a '\n'; on an empty line that is the end of file.  Mode raw: every
 * byte can be read at once, and nothing is echoed.
 *
 * Ctrl-C in either mode is the interrupt key while `interrupts` is set: what was typed before is
 * forgotten.  Else it forgets the line, and in mode raw it is a byte like others.
 */
#ifndef USER_CON_LINE_H
#define USER_CON_LINE_H

#include "lib/types.h"

#define LINE_MAX 4096u    /* bytes of a line, its end included; what is typed beyond is refused */
#define LINE_READY 16384u /* bytes and ends of file that wait to be read; a power of two */

struct line {
	void (*echo)(const char *bytes, u32 n);
	bool raw, interrupts;
	bool refused; /* the bell has rung for what was refused last */
	u32 length;   /* of the line that is being typed */
	char edit[LINE_MAX];
	u32 first, end; /* of `ready`, counted on for ever */
	u16 ready[LINE_READY];
};

/* Takes a typed byte.  True: it was the interrupt key. */
bool line_put(struct line *line, u8 byte);

/* Whether line_put() has room for a whole line more; else it refuses, but for the interrupt key. */
bool line_has_room(const struct line *line);

/*
 * What was typed already stays: it is read, or becomes lines, as if typed in the new mode.  True:
 * the interrupt key was among it and is no byte any more; what was typed before it is forgotten.
 */
bool line_set_raw(struct line *line, bool raw);

/* Whether a read would not wait. */
static inline bool line_is_ready(const struct line *line) { return line->first != line->end; }

/*
 * Copies at most `size` bytes of what is ready, in mode line of one line; 0: end of file.  They
 * stay until line_drop() is told how many.
 */
u32 line_look(const struct line *line, char *to, u32 size);
void line_drop(struct line *line, u32 n);

#endif
