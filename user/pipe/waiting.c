/* Who waits: see waiting.h. */
#include "user/pipe/waiting.h"

static struct waiter waiters[WAITERS];
static u8 each[CLIENTS]; /* of each client */
static u32 end;          /* behind the last place that was ever taken */
static u32 turns;

u32 waiting_add(struct waiter waiter)
{
	u32 i = 0;

	if (each[waiter.client] == WAITERS_EACH)
		return NO_WAITER;
	while (waiters[i].bytes)
		i++;
	each[waiter.client]++;
	waiters[i] = waiter;
	waiters[i].turn = turns++;
	end = i >= end ? i + 1 : end;
	return i;
}

const struct waiter *waiter_at(u32 waiter) { return &waiters[waiter]; }

/* Turns are compared by their distance: they begin again at 0 some day. */
static bool is_earlier(u32 a, u32 b) { return (s32)(waiters[a].turn - waiters[b].turn) < 0; }

u32 waiting_first(u32 pipe, bool writes)
{
	u32 first = NO_WAITER;

	for (u32 i = 0; i < end; i++)
		if (waiters[i].bytes && waiters[i].pipe == pipe && waiters[i].writes == writes &&
			(first == NO_WAITER || is_earlier(i, first)))
			first = i;
	return first;
}

u32 waiting_of(u32 client)
{
	for (u32 i = 0; i < end; i++)
		if (waiters[i].bytes && waiters[i].client == client)
			return i;
	return NO_WAITER;
}

void waiting_remove(u32 waiter)
{
	each[waiters[waiter].client]--;
	waiters[waiter].bytes = 0;
}
