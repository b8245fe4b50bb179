/*
 * The PC's keyboard, US layout: from the controller's bytes (scan code set 1) to what a terminal
 * would send.  No device is touched here.
 */
#ifndef USER_CON_KEYBOARD_H
#define USER_CON_KEYBOARD_H

#include "lib/types.h"

struct keyboard {
	u32 held; /* modifiers that are down */
	bool caps;
	bool extended; /* the last byte was the prefix E0 */
	u32 skip;      /* bytes left of a sequence that types nothing (Pause) */
};

#define KEYBOARD_TYPED 5u /* bytes, at most, of one key: escape, and ESC [ 5 ~ */

/*
 * Takes one byte of the controller.  Returns how many bytes the key types, which are put at
 * `typed`.  Enter is '\r' and Backspace 7F, as of a terminal; Alt puts an escape before.
 */
u32 keyboard_take(struct keyboard *keyboard, u8 code, char *typed);

#endif
