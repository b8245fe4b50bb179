/*
 * Starts the servers and the first process, and starts again what dies.  A server that leaves two
 * pings in a row unanswered counts as dead.
 */
#ifndef USER_ROOT_SUPERVISOR_H
#define USER_ROOT_SUPERVISOR_H

#include "lib/compiler.h"
#include "lib/types.h"

/*
 * `command`: what the first process is to run, in the shell's words; "": the shell itself, at a
 * prompt.  When that process ends, the machine ends if it was started with `exit`, else a shell
 * begins.  `ping`: microseconds from one ping to the next.
 */
__noreturn void supervise(const char *command, u32 ping);

#endif
