/* One call with its items: see ask.h. */
#include "user/lib/ask.h"

#include "user/lib/layout.h"
#include "user/lib/message.h"

/* A server may die again and again; the next one is there before a call can be sent. */
#define TRIES 16u

/*
 * No transfer waits for the pager: the pages of the place are there, and may be written, before the
 * call is made.
 */
static void touch(const struct ask *request)
{
	volatile char *place = request->place;
	u32 start = (u32)(uintptr_t)place;

	for (u32 at = 0; at < request->room; at += PAGE - (start + at) % PAGE) {
		char byte = place[at];

		place[at] = byte;
	}
}

static struct result call(u32 endpoint, const struct ask *request)
{
	struct message *message = message_own();
	u32 timeout = request->timeout ? request->timeout : TIMEOUT_NEVER;

	message->word[2] = request->word[2];
	message->word[3] = request->word[3];
	message_close_places();
	if (request->string)
		message_put_string(0, request->string, request->size);
	if (request->place)
		message_open_place(ITEM_STRING, (u32)(uintptr_t)request->place, request->room);
	return ipc_call(endpoint, TAG(request->label, 4u, request->string ? 1u : 0u),
		request->word[0], request->word[1], timeout);
}

u32 ask(u32 endpoint, struct ask *request)
{
	struct result answer;

	touch(request);
	answer = call(endpoint, request);
	for (u32 i = 1; i < TRIES && answer.error == EDEAD && request->again; i++)
		answer = call(endpoint, request);
	if (answer.error)
		return answer.error == EDEAD ? EIO : answer.error;
	request->word0 = answer.word0;
	request->word1 = answer.word1;
	request->got = request->place ? message_own()->place[0].got : 0;
	return TAG_LABEL(answer.tag);
}
