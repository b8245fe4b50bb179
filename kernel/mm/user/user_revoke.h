/*
 * Mappings taken away: a task's own, or all those of its frames.
 *
 * Ranges, *done and errors as in user_map.h.
 */
#ifndef MM_USER_REVOKE_H
#define MM_USER_REVOKE_H

#include "mm/user/user_map.h"

/* Removes mappings.  What is not there, or has no owner, stays. */
void user_unmap(const struct range *range);
/* Removes every mapping of frames that range->mm owns, in every address space, and frees them. */
int user_revoke(const struct range *range, u32 *done);

#endif
