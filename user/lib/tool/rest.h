/*
 * What programs that strain the machine look at: how much is in use when all is at rest, so that
 * what does not come back is seen.
 */
#ifndef USER_LIB_TOOL_REST_H
#define USER_LIB_TOOL_REST_H

#include "lib/abi/abi.h"

/*
 * `pages` are neither free nor kept ready for the next use, nor are kernel objects cut from them:
 * those are counted in `objects`.  Stacks of threads are objects too.
 */
struct use {
	u32 pages, objects;
};

/* Pages of a zone that are free, those in lists of CPUs too. */
u32 zone_free_pages(const struct info_system *info, u32 zone);

/* Page tables that CPUs keep ready. */
u32 ready_tables(const struct info_system *info);

/* Of now; `info` gets what it was counted by. */
struct use count_use(struct info_system *info);

/* Servers have places for each pid, whose pages come with its first use: no growth, but seen so. */
void use_all_pids(void);

#endif
