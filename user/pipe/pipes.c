/* Rings and ends: see pipes.h. */
#include "user/pipe/pipes.h"

#include "lib/compiler.h"
#include "lib/string.h"
#include "user/lib/errno.h"

static struct pipe pipes[PIPES];
/* Pages come when they are first written. */
static u8 rings[PIPES][RING_BYTES] __attribute__((aligned(RING_PAGE)));
static struct pipe_end ends[CLIENTS][PIPE_ENDS];
static u32 parent_family[CLIENTS]; /* 0: the client is the first of its family */

struct pipe *pipe_at(u32 pipe) { return &pipes[pipe]; }

/* ---- Ends ---- */

static u32 *users(const struct pipe_end *end)
{
	struct pipe *pipe = &pipes[end->pipe - 1u];

	return end->writes ? &pipe->writers : &pipe->readers;
}

static u32 free_end(u32 client, u32 number)
{
	while (number < PIPE_ENDS && ends[client][number].pipe)
		number++;
	return number;
}

static void set_end(u32 client, u32 number, struct pipe_end end)
{
	ends[client][number] = end;
	(*users(&end))++;
}

static u32 family_of(u32 client) { return parent_family[client] ? parent_family[client] : client; }

/* A free one that the family may have; PIPES: none. */
static u32 find_free(u32 family)
{
	u32 found = PIPES, free = 0, own = 0;

	for (u32 i = 0; i < PIPES; i++) {
		bool used = pipes[i].readers || pipes[i].writers;

		free += !used;
		own += used && pipes[i].family == family;
		found = used || found != PIPES ? found : i;
	}
	return family_may_have_more(family, own, free) ? found : PIPES;
}

u32 pipe_new(u32 client, u32 *reading, u32 *writing)
{
	u32 pipe = find_free(family_of(client));

	*reading = free_end(client, 0);
	*writing = free_end(client, *reading + 1);
	if (pipe == PIPES || *writing >= PIPE_ENDS)
		return EMFILE;
	pipes[pipe] = (struct pipe){ .family = family_of(client) };
	set_end(client, *reading, (struct pipe_end){ (u16)(pipe + 1), false });
	set_end(client, *writing, (struct pipe_end){ (u16)(pipe + 1), true });
	return 0;
}

const struct pipe_end *pipe_end_of(u32 client, u32 number)
{
	return number < PIPE_ENDS && ends[client][number].pipe ? &ends[client][number] : NULL;
}

void pipe_close(u32 client, u32 number, void (*changed)(u32 pipe))
{
	struct pipe_end *end = &ends[client][number];
	u32 pipe = end->pipe - 1u, left = --*users(end);

	end->pipe = 0;
	if (!left)
		changed(pipe);
}

void pipe_exit(u32 client, void (*changed)(u32 pipe))
{
	for (u32 number = 0; number < PIPE_ENDS; number++)
		if (ends[client][number].pipe)
			pipe_close(client, number, changed);
}

void pipe_fork(u32 parent, u32 child, void (*changed)(u32 pipe))
{
	if (parent == child)
		return;
	pipe_exit(child, changed);
	parent_family[child] = parent == CLIENT_FIRST ? 0 : family_of(parent);
	for (u32 number = 0; number < PIPE_ENDS; number++)
		if (ends[parent][number].pipe)
			set_end(child, number, ends[parent][number]);
}

/* ---- Bytes ---- */

static u8 *ring_of(const struct pipe *pipe) { return rings[pipe - pipes]; }

bool pipe_has_room(const struct pipe *pipe) { return pipe->bytes < PIPE_BYTES; }

void pipe_put(struct pipe *pipe, const void *bytes, u32 size)
{
	u32 place = (pipe->first + pipe->bytes) % RING_BYTES,
	    to_end = MIN(size, RING_BYTES - place);

	memcpy(ring_of(pipe) + place, bytes, to_end);
	memcpy(ring_of(pipe), (const u8 *)bytes + to_end, size - to_end);
	pipe->bytes += size;
	pipe->reached = MAX(pipe->reached, MIN(place + size, RING_BYTES));
}

void *pipe_leftover(u32 pipe, u32 *bytes)
{
	u32 end = ALIGN_UP(pipes[pipe].reached, RING_PAGE);

	*bytes = end > RING_PAGE ? end - RING_PAGE : 0;
	return rings[pipe] + RING_PAGE;
}

const void *pipe_look(const struct pipe *pipe, u32 most, u32 *bytes)
{
	*bytes = MIN(most, MIN(pipe->bytes, RING_BYTES - pipe->first));
	return ring_of(pipe) + pipe->first;
}

/* An empty one begins anew, so that short texts always use the same page. */
void pipe_take(struct pipe *pipe, u32 bytes)
{
	pipe->bytes -= bytes;
	pipe->first = pipe->bytes ? (pipe->first + bytes) % RING_BYTES : 0;
}

void pipe_take_back(struct pipe *pipe, const struct pipe *before)
{
	pipe->first = before->first;
	pipe->bytes = before->bytes;
}
