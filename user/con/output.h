/* What con shows: the same bytes to the serial line and to the screen. */
#ifndef USER_CON_OUTPUT_H
#define USER_CON_OUTPUT_H

#include "lib/types.h"

/* Goes on below what the kernel has left on the screen. */
void output_begin(void);

/* How many bytes may be put.  An echo may be longer; what there is no room for is lost. */
u32 output_room(void);
/* A '\n' gets a '\r' before it. */
void output_put(const char *bytes, u32 n);

/* Lets the devices show what was put since the last time. */
void output_show(void);
/* Whether all has gone to the devices. */
bool output_is_shown(void);

#endif
