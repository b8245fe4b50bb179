/* What lies in a task's address space, for reports. */
#ifndef MM_USER_LOOK_H
#define MM_USER_LOOK_H

#include "lib/abi/abi.h"
#include "mm/tables/address_space.h"

/*
 * Some of the pages mapped at *at and behind it, as many as are seen in one hold of maps_lock, at
 * most `room`; returns how many.  *at is then behind what was looked at: all has been, once it is
 * USER_TOP or more.
 */
u32 user_some_maps(struct mm *mm, uintptr_t *at, struct info_map *info, u32 room);

#endif
