/*
 * Pipes: a ring of bytes each, and the numbers by which clients know its two ends.  Children of
 * fork share the ends; an end is closed when nobody has a number for it.
 */
#ifndef USER_PIPE_PIPES_H
#define USER_PIPE_PIPES_H

#include "user/lib/client.h"
#include "user/lib/protocol/pipe.h"

#define PIPES 256u

/*
 * A write is taken whole as long as the pipe holds less than PIPE_BYTES, and its writer waits while
 * there are more than that; it goes on when so many are left, or there would be a switch for each
 * read.
 */
#define RING_BYTES (PIPE_BYTES + DATA_MAX)
#define RING_PAGE 4096u
#define PIPE_LOW (PIPE_BYTES / 2)

struct pipe {
	u32 readers, writers; /* numbers of clients for each end; both 0: free */
	u32 first, bytes;     /* in the ring */
	u32 reached;          /* where in the ring nothing was written yet */
	u32 family;           /* whose it is, see pipe_new() */
};

struct pipe_end {
	u16 pipe; /* its number + 1; 0: none */
	u16 writes;
};

/* 0 or EMFILE: also if the family has its share (client.h). */
u32 pipe_new(u32 client, u32 *reading, u32 *writing);
/* NULL: the client has no such number. */
const struct pipe_end *pipe_end_of(u32 client, u32 number);
struct pipe *pipe_at(u32 pipe);

/*
 * Each tells by `changed` the pipes of which an end is no longer there: those that wait at the
 * other end have to hear of it.
 */
void pipe_close(u32 client, u32 number, void (*changed)(u32 pipe));
void pipe_exit(u32 client, void (*changed)(u32 pipe));
/* The child gets what the parent has, instead of what it had itself. */
void pipe_fork(u32 parent, u32 child, void (*changed)(u32 pipe));

/* Whether bytes can be written now: DATA_MAX at most. */
bool pipe_has_room(const struct pipe *pipe);
void pipe_put(struct pipe *pipe, const void *bytes, u32 size);
/* Its memory beyond the first page, which nobody needs when both ends are closed: *bytes of it. */
void *pipe_leftover(u32 pipe, u32 *bytes);
/* At most `most` bytes, which stand together; they stay until they are taken. */
const void *pipe_look(const struct pipe *pipe, u32 most, u32 *bytes);
void pipe_take(struct pipe *pipe, u32 bytes);
/* As it was before, when nothing has been put since. */
void pipe_take_back(struct pipe *pipe, const struct pipe *before);

#endif
