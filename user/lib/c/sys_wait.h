/* Ends of children, as <sys/wait.h> and <signal.h> of POSIX.1-2017; a kill cannot be caught. */
#ifndef USER_LIB_C_SYS_WAIT_H
#define USER_LIB_C_SYS_WAIT_H

#include "user/lib/c/unistd.h"

#define WNOHANG 1

/* *status: 0 to 127 exit, 128 + vector an exception, 137 killed (user/lib/protocol/proc.h). */
pid_t waitpid(pid_t pid, int *status, int options);
/* A negative pid: a group.  There is one signal. */
int kill(pid_t pid);

#endif
