/* What lies in a task's address space, for reports. */
#ifndef MM_USER_LOOK_H
#define MM_USER_LOOK_H

#include "lib/abi/abi.h"
#include "mm/tables/address_space.h"

/*
 * The first page mapped at *at or behind it, which *at is then; false if there is none.  May sleep.
 */
bool user_next_map(struct mm *mm, uintptr_t *at, struct info_map *info);

#endif
