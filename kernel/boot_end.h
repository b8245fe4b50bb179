/*
 * Where the boot ends: after the last step, or after the one that until= names.  The closing lines
 * of the self-test, and what the machine does from then on.
 */
#ifndef KERNEL_BOOT_END_H
#define KERNEL_BOOT_END_H

#include "lib/types.h"

/* The kernel has just been entered: the time from here on is counted. */
void boot_begins(void);
/* Ends the boot here if `step` was to be the last: then it does not return. */
void stop_if_last(u32 step);
/*
 * Step 8, the first thread with a stack of its own: from here on the boot context is CPU 0's idle
 * thread.  Ends the self-test, runs what bench= asks for, says what the machine does from now on.
 */
void first_thread(void *unused);

#endif
