/* Streams from within: what stdio.h promises is made of these. */
#ifndef USER_LIB_C_STREAM_H
#define USER_LIB_C_STREAM_H

#include "user/lib/c/stdio.h"

/* A stream is read or written, never both. */
struct stream {
	int fd;
	bool writes, unbuffered;
	bool end, error; /* seen */
	/* Read: bytes from `taken` to `filled` are still to be had.  Written: those to `filled`. */
	u32 taken, filled;
	char *line; /* of fgetline */
	size_t room;
	struct stream *next; /* of those that were opened */
	char buffer[BUFSIZ];
};

/* Writes what all streams hold.  EOF: not all of it could be. */
int streams_end(void);

#endif
