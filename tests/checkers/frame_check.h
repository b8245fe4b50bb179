/*
 * Checks frames with owners and the address spaces that map them: invariants 53, 54, 58, 59, 67.
 * Knows the public headers alone.  Takes maps_lock.
 */
#ifndef TESTS_FRAME_CHECK_H
#define TESTS_FRAME_CHECK_H

#include "mm/user/frames.h"

/*
 * Every frame of mem_map that has an owner, with its records and their entries.  NULL, or what is
 * wrong (a static text), and *where = its frame.
 */
const char *frames_check(pfn_t *where);

/*
 * Every entry of an address space with its frame, its counts, and its account, which is charged for
 * nothing else.  NULL, or what is wrong.
 */
const char *space_check(struct mm *mm);

#endif
