/* PROC_LIST: processes, then servers, whose pids are PIDS + their number. */
#ifndef USER_PROC_LIST_H
#define USER_PROC_LIST_H

#include "user/lib/server.h"

/* Those from a pid on, as the answer's string. */
void list_processes(u32 first, struct answer *answer);

/* Pages of a process from an address on.  0 or an error. */
u32 list_maps(u32 pid, u32 from, struct answer *answer);

#endif
