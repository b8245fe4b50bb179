/*
 * What the pager does to its clients' tasks: pages brought, copied, shared, and the end of one that
 * touches what it may not.
 */
#ifndef USER_PAGER_MEMORY_H
#define USER_PAGER_MEMORY_H

#include "user/lib/server.h"
#include "user/pager/clients.h"

/* The slot of a client's task. */
#define SLOT_CLIENTS 256u
static inline u32 client_task(u32 number) { return SLOT_CLIENTS + number; }

#define VECTOR_PAGE_FAULT 14u

/* A fault, as a request of the client: answers it, or ends the client. */
void memory_fault(u32 number, const struct request *request, struct answer *answer);
/* The child, a task without pages, gets the parent's. */
u32 memory_fork(u32 parent, u32 child);
/* Removes [start, end) of a client. */
void memory_remove(u32 number, u32 start, u32 end);
/* Destroys its task; what it died of is kept until it is forgotten. */
void memory_end(u32 number);
/* Drops the task, and forgets it. */
void memory_forget(u32 number);
/* Whether its task lives. */
bool memory_lives(u32 number);
/*
 * There is no memory: ends the process that has most, unless that is `asker`, and *ended is its
 * pid, or that of one that is still on its way out; `gone` is none of these any more.  False:
 * nobody was ended.
 */
bool memory_relieve(u32 asker, u32 gone, u32 *ended);

#endif
