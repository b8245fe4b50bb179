/* The keyboard's controller (8042). */
#ifndef USER_CON_DEVICE_CONTROLLER_H
#define USER_CON_DEVICE_CONTROLLER_H

#include "lib/types.h"

#define KEYBOARD_IRQ 1u

/*
 * Lets the keyboard send scan codes of set 1, each with an interrupt.  What it has sent already is
 * lost if it was not received before.
 */
void controller_begin(void);
/* The keyboard's next byte; false: none. */
bool controller_receive(u8 *byte);

#endif
