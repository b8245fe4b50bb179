/* Who waits for input: see readers.h. */
#include "user/con/readers.h"

#include "lib/compiler.h"
#include "user/con/places.h"

static struct places readers = { .slot = SLOT_READERS };
static struct {
	u32 size; /* bytes that it wants */
	bool takes_short;
} asked[PLACES];

void readers_add(const struct request *request, struct answer *answer)
{
	u32 place = places_keep(&readers, request, answer);

	if (place == NO_PLACE)
		return;
	asked[place].size = MIN(request->word[0], DATA_MAX);
	asked[place].takes_short = request->takes_short;
}

/* What one does not take, as when its task is gone, is the next one's. */
static bool serve_one(struct line *line, u32 place)
{
	static char text[DATA_MAX];
	u32 size = asked[place].size, n = line_look(line, text, size);
	struct answer answer = { .word0 = n,
		.string = n ? text : NULL,
		.size = n,
		.takes_short = asked[place].takes_short };

	if (places_answer(&readers, place, &answer))
		return false;
	if (n || size)
		line_drop(line, n);
	return true;
}

bool readers_serve(struct line *line, u32 shell)
{
	bool taken = false;
	u32 place;

	while (line_is_ready(line) && (place = places_take_first(&readers, shell)) != NO_PLACE)
		taken |= serve_one(line, place);
	return taken;
}
