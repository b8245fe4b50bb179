/* Requests that wait for bytes or for room, in the order in which they came. */
#ifndef USER_PIPE_WAITING_H
#define USER_PIPE_WAITING_H

#include "user/pipe/pipes.h"

/* So many of each client: nobody takes another one's place. */
#define WAITERS_EACH 3u
#define WAITERS (WAITERS_EACH * CLIENTS)
#define NO_WAITER WAITERS

struct waiter {
	u32 client, pipe;
	u32 bytes;                /* asked for, or written; 0: this place is free */
	bool writes, takes_short; /* whoever asked takes short strings (protocol.h) */
	bool taken;               /* of a writer: its bytes are in the pipe */
	u32 turn;                 /* the lower, the earlier */
};

/* Sets its turn.  NO_WAITER: WAITERS_EACH of this client wait. */
u32 waiting_add(struct waiter waiter);
const struct waiter *waiter_at(u32 waiter);
/* Who came first of those that wait at this end; NO_WAITER. */
u32 waiting_first(u32 pipe, bool writes);
/* Any of the client's; NO_WAITER. */
u32 waiting_of(u32 client);
void waiting_remove(u32 waiter);

#endif
