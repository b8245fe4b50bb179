/*
 * Control runs, of a lab's program: a given part is broken in a way that must be found, so that a
 * program that finds nothing whatever happens is told from one that finds nothing since nothing is
 * wrong (labs/N/explorer/controls.c).
 *
 * Every run has the same code; which part is broken is one word, which comes by standard input.
 */
#ifndef INTERLEAVE_CONTROL_H
#define INTERLEAVE_CONTROL_H

#include "lib/types.h"

/* Which one of control_names[] is broken, from 1 on; 0: nothing is. */
extern u32 control;
/* Ends with NULL.  Another program than a lab's has none. */
extern const char *const control_names[] __attribute__((weak));

/* Takes a name from standard input; "none": nothing is broken.  False: there is no such name. */
bool control_read(void);

#endif
