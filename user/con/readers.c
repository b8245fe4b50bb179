/* Who waits for input: see readers.h. */
#include "user/con/readers.h"

#include "lib/compiler.h"
#include "user/lib/message.h"

/* Kept in slots of their own, from this one on; the number is a power of two. */
#define SLOT_READERS 64u
#define READERS 64u

static u32 sizes[READERS]; /* bytes that each wants */
static bool takes_short[READERS];
static u32 first, end; /* counted on for ever */
static char text[DATA_MAX];

static u32 slot(u32 number) { return SLOT_READERS + number % READERS; }

/*
 * Whether nobody waits for the answer any more.  One of two strings fits no client, and stays with
 * the sender; but if the caller is gone, that is said first.
 */
static bool is_gone(u32 number)
{
	u32 error;

	message_put_string(0, text, 1);
	message_put_string(1, text, 1);
	error = ipc_reply_recv(slot(number), 0, TAG(EAGAIN, 0u, 2u), 0, 0, TIMEOUT_POLL).error;
	if (error == EMSGSIZE)
		return false;
	handle_drop(slot(number), 0);
	return true;
}

static void forget_the_gone(void)
{
	u32 kept = first;

	for (u32 i = first; i != end; i++) {
		if (is_gone(i))
			continue;
		if (kept != i)
			handle_copy(0, slot(kept), slot(i), 0, 0);
		sizes[kept % READERS] = sizes[i % READERS];
		takes_short[kept++ % READERS] = takes_short[i % READERS];
	}
	end = kept;
}

void readers_add(const struct request *request, struct answer *answer)
{
	if (end - first == READERS)
		forget_the_gone();
	if (end - first == READERS)
		server_answer(slot(first++), &(struct answer){ .error = EAGAIN });
	sizes[end % READERS] = MIN(request->word[0], DATA_MAX);
	takes_short[end % READERS] = request->takes_short;
	server_keep(slot(end++), answer);
}

/* What the first one does not take, as when its task is gone, is the next one's. */
static bool serve_first(struct line *line)
{
	u32 number = first++, size = sizes[number % READERS], n = line_look(line, text, size);
	struct answer answer = { .word0 = n,
		.string = n ? text : NULL,
		.size = n,
		.takes_short = takes_short[number % READERS] };

	if (server_answer(slot(number), &answer))
		return false;
	if (n || size)
		line_drop(line, n);
	return true;
}

bool readers_serve(struct line *line)
{
	bool taken = false;

	while (first != end && line_is_ready(line))
		taken |= serve_first(line);
	return taken;
}
