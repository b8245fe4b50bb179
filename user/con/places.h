/*
 * Requests that are kept, first come, first served: one of each client, which has a place of its
 * own.  So however many wait, nobody loses a place to another one.
 */
#ifndef USER_CON_PLACES_H
#define USER_CON_PLACES_H

#include "user/lib/client.h"
#include "user/lib/server.h"

#define PLACES CLIENTS
#define NO_PLACE NO_CLIENT

/* The slots in which places keep their requests. */
#define SLOT_READERS 64u
#define SLOT_WRITERS (SLOT_READERS + PLACES)
_Static_assert(SLOT_WRITERS + PLACES <= HANDLES_MAX, "there are slots for all");

struct places {
	u32 slot; /* of the first place's request */
	u32 count;
	u16 order[PLACES]; /* places that are taken; who came first is first */
};

/* The caller's place; or NO_PLACE and an error: EAGAIN, if it waits there already. */
u32 places_keep(struct places *places, const struct request *request, struct answer *answer);
/*
 * The first of those that wait, which waits no longer; NO_PLACE: nobody does.  With `only` not 0 of
 * two clients, this one and the first process.
 */
u32 places_take_first(struct places *places, u32 only);
/* The error of the answer's delivery, as server_answer(). */
u32 places_answer(const struct places *places, u32 place, const struct answer *answer);

#endif
