/* Tasks of processes: made, filled, started, destroyed. */
#ifndef USER_PROC_MAKE_H
#define USER_PROC_MAKE_H

#include "user/lib/server.h"
#include "user/proc/image.h"

/* Handles here beside those that root gives (docs/servers.md). */
#define SLOT_MINT(server) (40u + (server)) /* endpoints without a badge, for processes' handles */
enum proc_slot {
	SLOT_NEW_PAGER = 50,
	SLOT_NEW_TASK,
	SLOT_NEW_THREAD,
	SLOT_TASKS = 256,   /* + pid: its task */
	SLOT_WAITERS = 512, /* its PROC_WAIT that is kept */
	SLOT_THREADS = 768, /* its first thread */
};

/* The end of a process' task raises this bit of proc's notification. */
#define END_BITS 30u
#define END_BIT(pid) ((pid) % END_BITS)

/* Once, first: how much memory a process may have, and how many CPUs there are. */
void make_begin(void);

/* What a program starts with: its image, and the start-up object, page aligned, with its bytes. */
struct start {
	const struct image *image;
	void *startup;
	u32 size;
};

/* Each returns 0 or an error; then nothing is left but the pid. */
u32 make_process(u32 pid, const struct start *start);
/* A copy of the parent, whose call is in SLOT_REQUEST: the child returns from it. */
u32 make_fork(u32 parent, u32 pid);
/*
 * Another program under the same pid.  *gone: the old one has been destroyed, whatever the result.
 */
u32 make_exec(u32 pid, const struct start *start, bool *gone);

/* Who forks beyond what it may gets the CPU only when nobody else wants it. */
void make_slow(u32 pid);

/* A process that a former proc has made: which CPU it has is not known, so it counts on any. */
void make_found(u32 pid);

/*
 * There was no memory: the process that has most is ended, unless it is `asker`.  True: its memory
 * is there.
 */
bool make_room(u32 asker);

/* Destroys the task; its end is told by its bit. */
void make_destroy(u32 pid);
/* The handles go, when the task is gone. */
void make_forget(u32 pid);
/* Whether the task lives, with a thread: one that a former proc had not finished has none. */
bool make_lives(u32 pid);

#endif
