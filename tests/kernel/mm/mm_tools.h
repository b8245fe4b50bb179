/* What the tests of the allocators share. */
#ifndef TESTS_MM_TOOLS_H
#define TESTS_MM_TOOLS_H

#include "mm/pages/zone.h"

/*
 * Numbers that look random and are the same in every run (xorshift, Marsaglia 2003).  The state is
 * never 0.
 */
static inline u32 next_random(u32 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/*
 * Free blocks of each order in each zone, per-CPU lists emptied first: what must be the same again
 * in the end.
 */
struct block_counts {
	u32 count[NR_ZONES][NR_ORDERS];
	u32 free[NR_ZONES];
};
void count_blocks(struct block_counts *counts);
/* Expects that nothing has changed since `before`. */
void expect_same_blocks(const struct block_counts *before, const char *what);
/* Expects invariants 46 to 48 of every zone. */
void expect_zones_sound(const char *what);

/*
 * Takes pages straight from a zone, in the largest blocks, until `left` are free; the chain of
 * blocks, for zone_put_back().  No watermark holds it back.
 */
struct list *zone_take_down_to(struct zone *zone, u32 left, struct list *blocks);
void zone_put_back(struct zone *zone, struct list *blocks);

#endif
