/* Places for requests: see places.h. */
#include "user/con/places.h"

#include "lib/string.h"
#include "user/lib/message.h"

/*
 * Whether nobody waits for the answer any more, as in a process that was killed, whose pid another
 * one has now.  One of two strings fits no client, and stays with the sender; but if the caller is
 * gone, that is said first.
 */
static bool is_gone(u32 slot)
{
	static const char text[1];

	message_put_string(0, text, sizeof(text));
	message_put_string(1, text, sizeof(text));
	return ipc_reply_recv(slot, 0, TAG(EAGAIN, 0u, 2u), 0, 0, TIMEOUT_POLL).error != EMSGSIZE;
}

static u32 find(const struct places *places, u32 place)
{
	u32 i = 0;

	while (i < places->count && places->order[i] != place)
		i++;
	return i;
}

static void remove(struct places *places, u32 i)
{
	places->count--;
	memmove(&places->order[i], &places->order[i + 1],
		(places->count - i) * sizeof(places->order[0]));
}

/* Empties the place of one that is gone. */
static bool is_free(struct places *places, u32 place)
{
	u32 i = find(places, place), slot = places->slot + place;

	if (i == places->count)
		return true;
	if (!is_gone(slot))
		return false;
	handle_drop(slot, 0);
	remove(places, i);
	return true;
}

u32 places_keep(struct places *places, const struct request *request, struct answer *answer)
{
	u32 place = client_of(request->badge);

	if (place == NO_PLACE || !request->call)
		answer->error = EPERM;
	else if (!is_free(places, place))
		answer->error = EAGAIN;
	if (answer->error)
		return NO_PLACE;
	places->order[places->count++] = (u16)place;
	server_keep(places->slot + place, answer);
	return place;
}

u32 places_take_first(struct places *places, u32 only)
{
	u32 i = 0, place;

	while (only && i < places->count && places->order[i] != only &&
		places->order[i] != CLIENT_FIRST)
		i++;
	if (i == places->count)
		return NO_PLACE;
	place = places->order[i];
	remove(places, i);
	return place;
}

u32 places_answer(const struct places *places, u32 place, const struct answer *answer)
{
	return server_answer(places->slot + place, answer);
}
