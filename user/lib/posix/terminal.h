/* The one console, beyond reading and writing: modes, size, single keys.  All fail silently. */
#ifndef USER_LIB_POSIX_TERMINAL_H
#define USER_LIB_POSIX_TERMINAL_H

#include "lib/types.h"

#define KEY_NONE (-1)  /* the time is over */
#define KEY_ERROR (-2) /* there is no console that could be asked */

/*
 * Raw: each byte can be read, nothing is echoed.  Else lines, echoed by con.  A program whose
 * descriptor 0 is not the console, such as one in the background, has no say in it.
 */
void terminal_set_raw(bool raw);
/*
 * The group that the interrupt key ends; 0: none.  True: the key came while the one before was in
 * front, though that may have ended by then.
 */
bool terminal_set_front(u32 group);
void terminal_size(u32 *columns, u32 *rows);
/*
 * A byte that is typed, in mode raw; 0 microseconds: waits for ever.  Where descriptor 0 is not the
 * console the time passes, and no key comes; it must not be 0.
 */
int terminal_key(u32 microseconds);

#endif
