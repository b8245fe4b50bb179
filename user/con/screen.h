/*
 * The text screen: characters and escape sequences become cells, in a copy in memory.  Whoever owns
 * the device shows the rows that have changed.
 *
 * Known, as in ECMA-48: CUP HVP CUU CUD CUF CUB CHA VPA ED EL ICH DCH ECH SGR, and of terminals
 * ESC 7, ESC 8, CSI s, CSI u (place kept and taken back), CSI ? 25 h and l (cursor shown or not).
 * Other sequences are read to their end and do nothing.
 */
#ifndef USER_CON_SCREEN_H
#define USER_CON_SCREEN_H

#include "lib/types.h"

#define SCREEN_COLUMNS 80u
#define SCREEN_ROWS 25u
#define SCREEN_NUMBERS 16u /* of a sequence; further ones are left out */

enum screen_state { SCREEN_TEXT, SCREEN_ESCAPE, SCREEN_SET, SCREEN_SEQUENCE };

struct screen {
	u16 cell[SCREEN_ROWS][SCREEN_COLUMNS]; /* character | colour << 8, as the device has them */
	u32 changed;                           /* a bit for each row */
	u32 row, column;
	bool wrap; /* the last column was written: the next character begins a new line */
	bool hidden;
	u32 foreground, background; /* colours 0 to 7 in the order of SGR */
	bool bold, inverse;
	u32 kept_row, kept_column;
	enum screen_state state; /* what the bytes before were the beginning of */
	bool question;           /* CSI ? */
	u32 numbers, number[SCREEN_NUMBERS];
};

/* All blank, grey on black, the cursor at the top left. */
void screen_init(struct screen *screen);
void screen_put(struct screen *screen, const char *bytes, u32 n);

#endif
