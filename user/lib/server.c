/* Receive, serve, answer: see server.h. */
#include "user/lib/server.h"

#include "lib/compiler.h"
#include "user/lib/message.h"
#include "user/lib/print.h"

static char data[DATA_MAX] __attribute__((aligned(4096)));
static u32 request_slot = SLOT_REQUEST;

static void open_places(const struct server *server)
{
	message_close_places();
	if (server->takes & TAKES_STRINGS)
		message_open_place(ITEM_STRING, (u32)(uintptr_t)data, sizeof(data));
	if (server->takes & TAKES_HANDLES)
		message_open_place(ITEM_HANDLE, SLOT_TAKEN, 1);
}

/* ---- Answers ---- */

static bool is_short(const struct answer *answer)
{
	return answer->string && answer->takes_short && answer->size <= SHORT_MAX;
}

/* What goes beside the two words; the tag. */
static u32 put_rest(const struct answer *answer)
{
	u32 label = answer->error, words = ANSWER_SHORT, items = 0;

	if (is_short(answer)) {
		words = message_put_short(words, answer->string, answer->size);
		label |= LABEL_SHORT;
	} else if (answer->string) {
		message_put_string(items++, answer->string, answer->size);
	}
	if (answer->handle)
		message_put_handle(items++, answer->handle, answer->rights, answer->badge);
	return TAG(label, words, items);
}

static struct result send_answer(u32 slot, u32 endpoint, const struct answer *answer)
{
	u32 tag = put_rest(answer);

	return ipc_reply_recv(slot, endpoint, tag, answer->word0, answer->word1, TIMEOUT_NEVER);
}

void server_keep(u32 slot, struct answer *answer)
{
	handle_copy(0, slot, request_slot, 0, 0);
	answer->later = true;
}

void server_keep_there(u32 *slot, struct answer *answer)
{
	u32 here = request_slot;

	request_slot = *slot;
	*slot = here;
	answer->later = true;
}

/* One that cannot be delivered as it is, such as a string without a place, is an error's. */
u32 server_answer(u32 slot, const struct answer *answer)
{
	struct result sent = send_answer(slot, 0, answer);

	if (sent.error == EMSGSIZE || sent.error == EPERM)
		sent = send_answer(slot, 0, &(struct answer){ .error = EINVAL });
	/* What was answered has left the slot. */
	if (sent.error)
		handle_drop(slot, 0);
	return sent.error;
}

/* ---- Requests ---- */

static struct result receive(const struct server *server)
{
	open_places(server);
	return ipc_recv(SLOT_SELF, request_slot, TIMEOUT_NEVER);
}

/*
 * The answer goes with the next receive, unless that one says that it did not go.  Then the slot is
 * emptied, whatever the reason: a request that cannot be answered ends with EDEAD.
 */
static struct result answer_and_receive(const struct server *server, const struct answer *answer)
{
	struct result next;

	open_places(server);
	next = send_answer(request_slot, SLOT_SELF, answer);
	if (!next.error)
		return next;
	if (server->undelivered)
		server->undelivered();
	if (next.error == EMSGSIZE || next.error == EPERM)
		server_answer(request_slot, &(struct answer){ .error = EINVAL });
	else
		handle_drop(request_slot, 0);
	return receive(server);
}

/* Into the buffer, if it is not there already.  False: there is none. */
static bool take_string(u32 items, u32 words, u32 *size)
{
	const struct message *own = message_own();

	if (items) {
		*size = own->place[0].got;
		return true;
	}
	if (words <= REQUEST_SHORT)
		return false;
	*size = MIN(own->word[REQUEST_SHORT], (words - REQUEST_SHORT - 1) * (u32)sizeof(u32));
	memcpy(data, &own->word[REQUEST_SHORT + 1], *size);
	return true;
}

static void read_string(const struct server *server, u32 items, u32 words, struct request *request)
{
	request->string = NULL;
	request->size = 0;
	if (server->takes & TAKES_STRINGS &&
		take_string(items, request->takes_short ? words : 0, &request->size))
		request->string = data;
}

/* Only the former request's words are not 0 now. */
static void read_words(const struct result *message, u32 words, struct request *request)
{
	const struct message *own = message_own();

	for (u32 i = words; i < request->words; i++)
		request->word[i] = 0;
	for (u32 i = 2; i < words; i++)
		request->word[i] = own->word[i];
	request->words = words;
	request->word[0] = message->word0;
	request->word[1] = message->word1;
}

static void read_request(
	const struct server *server, const struct result *message, struct request *request)
{
	u32 items = TAG_ITEMS(message->tag), words = TAG_WORDS(message->tag);

	request->badge = message->badge;
	request->label = TAG_LABEL(message->tag) & ~LABEL_SHORT;
	request->takes_short = message->tag & LABEL_SHORT;
	request->call = message->tag & TAG_CALL;
	request->fault = message->tag & TAG_FAULT;
	read_words(message, request->takes_short ? MIN(words, REQUEST_SHORT) : words, request);
	read_string(server, items, words, request);
	request->handle = items > (server->takes & TAKES_STRINGS ? 1u : 0u);
}

static void serve(const struct server *server, const struct result *message, struct answer *answer)
{
	static struct request request;

	read_request(server, message, &request);
	answer->takes_short = request.takes_short;
	server->serve(&request, answer);
	if (request.handle)
		handle_drop(SLOT_TAKEN, 0);
	answer->later |= !request.call;
}

static void notice(const struct server *server, u32 bits)
{
	if (bits & 1u << NOTE_PING) {
		if (server->pinged)
			server->pinged();
		notify(SLOT_ROOT_NOTE, ~0u);
	}
	if (server->notified && bits & ~(1u << NOTE_PING))
		server->notified(bits & ~(1u << NOTE_PING));
}

/* A receive waits for no pager: pages that are not there would fail it. */
static void touch_data(const struct server *server)
{
	for (u32 i = 0; server->takes & TAKES_STRINGS && i < sizeof(data); i += PAGE)
		WRITE_ONCE(data[i], 0);
}

void server_run(const struct server *server)
{
	struct result message;

	touch_data(server);
	thread_ctl(SLOT_THREAD, SLOT_SELF_NOTE, THREAD_BIND, 0, 0);
	message = receive(server);
	for (;;) {
		struct answer answer = { 0 };

		if (message.error) {
			printf("%s: nothing can be received: %s\n", server->name,
				error_name(message.error));
			__builtin_trap();
		}
		if (message.tag & TAG_NOTE) {
			notice(server, message.word0);
			message = receive(server);
			continue;
		}
		serve(server, &message, &answer);
		message = answer.later ? receive(server) : answer_and_receive(server, &answer);
	}
}
