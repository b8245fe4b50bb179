/* Figures of one operation, as the programs that measure print them (docs/bench.md). */
#ifndef USER_LIB_TOOL_MEASURE_H
#define USER_LIB_TOOL_MEASURE_H

#include "lib/types.h"

struct key {
	const char *name;
	u32 operations;
	u32 unit; /* what one operation counts as: KiB of a string, else 1 */
	/* Does it so often; returns how often it was really done, 0 for an error. */
	u32 (*run)(u32 operations);
};

/* On all CPUs together. */
struct events {
	u32 ipis, full_flushes, invlpgs, cr3_loads, rounds;
};

struct figure {
	u32 operations; /* 0: it failed */
	u64 ticks;
	struct events events;
};

u64 time_stamp(void);
/* Said by run() where not all that it does counts. */
void measured_ticks(u32 ticks);

/* Whether the name begins with one of these words, or there are none; the list ends with NULL. */
bool key_is_wanted(const struct key *key, char *const *words);
struct figure measure(const struct key *key);
/* The line of the key. */
void figure_print(const char *tag, const struct key *key, const struct figure *figure);

#endif
