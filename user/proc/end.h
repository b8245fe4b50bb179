/* How processes end, and who is told. */
#ifndef USER_PROC_END_H
#define USER_PROC_END_H

#include "user/lib/server.h"

/* Ends a process, if it has not ended yet. */
void end_process(u32 pid, u32 status);
/* Ends all of a group; ESRCH: there is none. */
u32 end_group(u32 group, u32 status);
/* Bits of proc's notification: tasks that are gone. */
void end_noticed(u32 bits);
/* The task is gone: everybody who has to know is told, and the parent's wait is answered. */
void end_finish(u32 pid);
/* The first process has ended, or could not be made. */
void end_tell_root(u32 status);
/* PROC_WAIT. */
void end_wait(const struct request *request, struct answer *answer);
/*
 * This server is about to end: the pager is told how processes end whose tasks are still on their
 * way out.
 */
void end_remember_all(void);
/* The kept wait of a process is nobody's any more (exec). */
void end_drop_wait(u32 pid);

#endif
