/* The machine's state: kept, put back, and told apart by 120-bit fingerprints. */
#ifndef INTERLEAVE_STATE_H
#define INTERLEAVE_STATE_H

#include "lib/types.h"

#define MAX_DEPTH 8192u

/* After the regions are known. */
void state_init(void);
/* No CPU runs, no view is on. */
void state_keep(u32 depth);
void state_restore(u32 depth);
/* `more`: what else tells two states apart. */
void state_fingerprint(u64 h[2], u32 more);

void seen_clear(void);
u64 seen_count(void);
/* False the first time, and whenever it was reached with more preemptions than now. */
bool seen_before(const u64 h[2], u32 preemptions);

#endif
