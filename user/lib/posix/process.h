/* What processes are started with, beside what unistd.h says. */
#ifndef USER_LIB_POSIX_PROCESS_H
#define USER_LIB_POSIX_PROCESS_H

#include "lib/types.h"

/* Flags of the program's own start-up object.  STARTUP_TRACE is handed on to its children. */
void process_begin(u32 flags);

/*
 * STARTUP_ flags of all start-up objects that this program makes.  A program that sets
 * STARTUP_TRACE here has its next exec or spawn traced, and not itself.
 */
extern u32 process_flags;

#endif
