/* Requests to read that wait for input: first come, first served. */
#ifndef USER_CON_READERS_H
#define USER_CON_READERS_H

#include "user/con/line.h"
#include "user/lib/server.h"

/* Answered by a later readers_serve().  EAGAIN: the client has another one that waits. */
void readers_add(const struct request *request, struct answer *answer);
/*
 * Answers as many as there is input for; true: some was taken.  With `shell` not 0 of two clients,
 * this one and the first process.
 */
bool readers_serve(struct line *line, u32 shell);

#endif
