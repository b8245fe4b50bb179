/* Who waits to write: see writers.h. */
#include "user/con/writers.h"

#include "lib/compiler.h"
#include "lib/string.h"
#include "user/con/output.h"
#include "user/con/places.h"

#define PIECE 256u /* bytes of a request that waits; the client writes the rest again */

static struct places writers = { .slot = SLOT_WRITERS };
static struct {
	u32 size;
	char bytes[PIECE];
} pieces[PLACES];
static bool held;

static void keep(const struct request *request, struct answer *answer)
{
	u32 place = places_keep(&writers, request, answer);

	if (place == NO_PLACE)
		return;
	pieces[place].size = MIN(request->size, PIECE);
	memcpy(pieces[place].bytes, request->string, pieces[place].size);
}

void writers_add(const struct request *request, struct answer *answer)
{
	u32 n = held ? 0 : MIN(request->size, output_room());

	if (!request->string) {
		answer->error = EINVAL;
	} else if (request->size && (writers.count || !n)) {
		keep(request, answer);
	} else {
		output_put(request->string, n);
		answer->word0 = n;
	}
}

void writers_hold(bool on) { held = on; }

void writers_serve(void)
{
	while (!held && writers.count && output_room() >= PIECE) {
		u32 place = places_take_first(&writers, 0), n = pieces[place].size;

		output_put(pieces[place].bytes, n);
		places_answer(&writers, place, &(struct answer){ .word0 = n });
	}
}
