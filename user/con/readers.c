/* Who waits for input: see readers.h. */
#include "user/con/readers.h"

#include "lib/compiler.h"

/* Kept in slots of their own, from this one on; the number is a power of two. */
#define SLOT_READERS 64u
#define READERS 64u

static u32 sizes[READERS]; /* bytes that each wants */
static u32 first, end;     /* counted on for ever */
static char text[DATA_MAX];

void readers_add(const struct request *request, struct answer *answer)
{
	if (end - first == READERS) {
		answer->error = EAGAIN;
		return;
	}
	sizes[end % READERS] = MIN(request->word[0], DATA_MAX);
	server_keep(SLOT_READERS + end++ % READERS, answer);
}

/* What the first one does not take, as when its task is gone, is the next one's. */
static bool serve_first(struct line *line)
{
	u32 place = first++ % READERS, n = line_look(line, text, sizes[place]);
	struct answer answer = { .word0 = n, .string = n ? text : NULL, .size = n };

	if (server_answer(SLOT_READERS + place, &answer))
		return false;
	if (n || sizes[place])
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
