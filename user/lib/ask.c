/* One call with its items: see ask.h. */
#include "user/lib/ask.h"

#include "lib/string.h"
#include "user/lib/layout.h"
#include "user/lib/message.h"
#include "user/lib/protocol/protocol.h"

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

/* The string, and where the answer's is taken.  The tag. */
static u32 put_rest(const struct ask *request)
{
	u32 words = REQUEST_SHORT, items = 0;

	message_close_places();
	if (request->string && request->size <= SHORT_MAX)
		words = message_put_short(words, request->string, request->size);
	else if (request->string)
		message_put_string(items++, request->string, request->size);
	if (request->place)
		message_open_place(ITEM_STRING, (u32)(uintptr_t)request->place, request->room);
	return TAG(request->label | LABEL_SHORT, words, items);
}

static struct result call(u32 endpoint, const struct ask *request)
{
	struct message *message = message_own();
	u32 timeout = request->timeout ? request->timeout : TIMEOUT_NEVER;

	message->word[2] = request->word[2];
	message->word[3] = request->word[3];
	return ipc_call(endpoint, put_rest(request), request->word[0], request->word[1], timeout);
}

/* A server is not believed to send only what it was asked for. */
static u32 take_string(struct ask *request, u32 tag)
{
	const struct message *message = message_own();

	request->got = 0;
	if (!request->place)
		return 0;
	if (!(tag & LABEL_SHORT)) {
		request->got = TAG_ITEMS(tag) ? message->place[0].got : 0;
		return 0;
	}
	if (message->word[ANSWER_SHORT] > MIN(request->room, SHORT_MAX))
		return EMSGSIZE;
	request->got = message->word[ANSWER_SHORT];
	memcpy(request->place, &message->word[ANSWER_SHORT + 1], request->got);
	return 0;
}

u32 ask(u32 endpoint, struct ask *request)
{
	struct result answer;
	u32 error;

	touch(request);
	answer = call(endpoint, request);
	for (u32 i = 1; i < TRIES && answer.error == EDEAD && request->again; i++)
		answer = call(endpoint, request);
	if (answer.error)
		return answer.error == EDEAD ? EIO : answer.error;
	request->word0 = answer.word0;
	request->word1 = answer.word1;
	error = TAG_LABEL(answer.tag) & ~LABEL_SHORT;
	return error ? error : take_string(request, answer.tag);
}
