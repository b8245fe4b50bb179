/*
 * Threads on every CPU for one test: crew_start() makes them, crew_join() waits until all have
 * returned.  From step 8 on.
 */
#ifndef TESTS_CREW_H
#define TESTS_CREW_H

#include "kernel/sched/thread.h"

#define CREW_MAX 64u

struct crew_member {
	u32 index; /* 0 .. n - 1 */
	u32 cpu;
	void *arg;
	void (*work)(struct crew_member *self);
	struct thread *thread;
};

struct crew {
	u32 n;
	struct crew_member member[CREW_MAX];
};

/*
 * `each` threads on every online CPU (as many as CREW_MAX allows), each running work(its member).
 * False, with the test failed: no memory.
 */
bool crew_start(struct crew *crew, u32 each, void (*work)(struct crew_member *self), void *arg);
/* The same on the CPUs of `mask`. */
bool crew_start_on(
	struct crew *crew, u32 mask, u32 each, void (*work)(struct crew_member *self), void *arg);
void crew_join(struct crew *crew);

/* All members that call it wait, with pause and giving way to others, until `n` have. */
struct barrier {
	atomic_t arrived, turn;
};
void barrier_wait(struct barrier *barrier, u32 n);

/*
 * Waits, giving way, until `cond` holds.  False after WAIT_TICKS timer interrupts without: so long
 * that only what will never come takes it, however slow the host.
 */
#define WAIT_TICKS 9000u
#define WAIT_FOR(cond)                                                                             \
	({                                                                                         \
		u32 wait_start = crew_ticks();                                                     \
		bool wait_held;                                                                    \
		while (!(wait_held = (cond)) && crew_ticks() - wait_start < WAIT_TICKS)            \
			crew_pause();                                                              \
		/* Once more: it may have come true after the last look. */                        \
		wait_held || (cond);                                                               \
	})
u32 crew_ticks(void);
void crew_pause(void);

/* Deterministic pseudo-random numbers (xorshift32, Marsaglia 2003); the state must not be 0. */
static inline u32 random_next(u32 *state)
{
	u32 x = *state;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return *state = x;
}

#endif
