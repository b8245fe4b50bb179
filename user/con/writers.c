/* Who waits to write: see writers.h. */
#include "user/con/writers.h"

#include "lib/compiler.h"
#include "lib/string.h"
#include "user/con/output.h"

/* Kept in slots of their own, behind those of readers; the number is a power of two. */
#define SLOT_WRITERS 128u
#define WRITERS 64u

#define PIECE 256u /* bytes of a request that waits; the client writes the rest again */

static struct {
	u32 size;
	char bytes[PIECE];
} pieces[WRITERS];
static u32 first, end; /* counted on for ever */
static bool held;

static void keep(const struct request *request, struct answer *answer)
{
	u32 place = end % WRITERS;

	if (end - first == WRITERS) {
		answer->error = EAGAIN;
		return;
	}
	end++;
	pieces[place].size = MIN(request->size, PIECE);
	memcpy(pieces[place].bytes, request->string, pieces[place].size);
	server_keep(SLOT_WRITERS + place, answer);
}

void writers_add(const struct request *request, struct answer *answer)
{
	u32 n = held ? 0 : MIN(request->size, output_room());

	if (!request->string) {
		answer->error = EINVAL;
	} else if (request->size && (first != end || !n)) {
		keep(request, answer);
	} else {
		output_put(request->string, n);
		answer->word0 = n;
	}
}

void writers_hold(bool on) { held = on; }

void writers_serve(void)
{
	for (; !held && first != end && output_room() >= PIECE; first++) {
		u32 place = first % WRITERS, n = pieces[place].size;

		output_put(pieces[place].bytes, n);
		server_answer(SLOT_WRITERS + place, &(struct answer){ .word0 = n });
	}
}
