/*
 * One child: a task that this program makes, starts and serves until its end, as root does for run=
 * and the in-system tests for each test.  Its slots here are fixed, so there is one at a time.
 *
 *     child_begin     once: endpoint and notification, bound to the first thread
 *     child_make      the task, without pages or threads
 *     (load.h, or mem_map into SLOT_CHILD)
 *     child_start     its first thread and its handles
 *     child_serve     until the task is gone
 */
#ifndef USER_LIB_CHILD_H
#define USER_LIB_CHILD_H

#include "lib/elf.h"
#include "user/lib/layout.h"

enum child_slot {
	SLOT_ENDPOINT = SLOT_FREE, /* faults and the exit of the child */
	SLOT_ENDED,                /* notification: the task is gone; bound to the first thread */
	SLOT_REPLY,                /* takes the next reply handle */
	SLOT_CHILD,                /* the child's task, its first thread, its way to here */
	SLOT_CHILD_THREAD,
	SLOT_CHILD_PARENT,
	SLOT_OWN /* the first that is free for other uses */
};

#define CHILD_BADGE 1u
#define STATUS_KILLED 128u /* plus the vector of the exception that ended it */

/* Each returns 0 or an error. */
u32 child_begin(void);
u32 child_make(u32 limit);
u32 child_start(u32 entry, u32 stack);
/* After an error of the loader or of child_start: the task ends, nothing is left. */
void child_drop(void);

/*
 * Gives pages of zeros for the stack and for what `program` has beyond its file; any other fault
 * ends the child, with a line that names it.  Returns its status: what it called exit with, else
 * STATUS_KILLED plus a vector (0 if it was destroyed).
 */
u32 child_serve(const char *name, const struct elf_program *program);

#endif
