/*
 * All schedules of a scenario, depth first, with as many preemptions as a bound allows; the bound
 * grows.
 */
#ifndef INTERLEAVE_EXPLORE_H
#define INTERLEAVE_EXPLORE_H

#include "scenario.h"

struct limits {
	u32 first_bound, last_bound; /* preemptions */
	double seconds;              /* 0: no limit */
	u64 most_states;             /* kept in memory */
};

struct report {
	u64 schedules, cut; /* that came to their end; that led into a state already seen */
	u64 states, steps;
	u32 deepest;
	u32 bound;       /* the highest one explored to its end */
	bool any_bound;  /* there is such a bound */
	bool everything; /* no schedule was cut off by it */
	bool failed;
	u32 restarts, contested;
	double seconds;
};

/* `lazy`: with kmap_flush=lazy.  True unless a schedule fails; that one is then printed. */
bool explore(const struct scenario *scenario, bool lazy, const struct limits *limits,
	struct report *report);
/*
 * Runs one schedule and prints it.  True unless it fails; false also if the text does not fit the
 * scenario.
 */
bool replay(const struct scenario *scenario, bool lazy, const char *schedule);

void check_end(const struct scenario *scenario);

#endif
