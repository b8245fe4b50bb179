/*
 * A second task for a test: this program once more, with its pages as they are when it begins, and
 * one thread that runs a function of it.
 *
 * Its pages are all there, so it needs no pager, but may have one.  It gets the test's handles of
 * SLOT_A up to SLOT_LAST under the same numbers, and maps the page SHARED, which holds what both
 * are to see: variables are its own copies.  It ends when the function returns.
 */
#ifndef USER_TEST_FELLOW_H
#define USER_TEST_FELLOW_H

#include "user/test/test.h"

/* The pages of this program, copied or mapped into a task without any.  0 or an error. */
u32 program_give(u32 task);

struct fellow {
	u32 slot;  /* of its task; the next one takes its thread */
	u32 area;  /* of its thread (user/lib/thread.h) */
	u32 limit; /* bytes; 0: FELLOW_LIMIT */
	u32 pager; /* handle; 0: none */
	u32 cpu;
	void (*run)(void *argument);
	void *argument;
};
#define FELLOW_LIMIT 0x01000000u
#define SLOT_FELLOW 100u
#define SLOT_FELLOW_THREAD (SLOT_FELLOW + 1)

/* The task and its thread, which waits for START. */
void fellow_make(const struct fellow *fellow);
void fellow_start(const struct fellow *fellow);
/* Destroys it and drops both handles. */
void fellow_end(u32 slot);

#endif
