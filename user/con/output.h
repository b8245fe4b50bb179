/* What con shows: the same bytes to the serial line and to the screen. */
#ifndef USER_CON_OUTPUT_H
#define USER_CON_OUTPUT_H

#include "lib/types.h"

/* Goes on below what the kernel has left on the screen. */
void output_begin(void);

/* How many bytes output_put() has room for; an echo has some more. */
u32 output_room(void);
/* A '\n' gets a '\r' before it. */
void output_put(const char *bytes, u32 n);
void output_echo(const char *bytes, u32 n);

/* Lets the devices show what was put since the last time. */
void output_show(void);

#endif
