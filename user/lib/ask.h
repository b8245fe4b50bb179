/*
 * A request to a server, as a function: words and a string there, two words and a string back.
 * Every stub of the library that talks to a server is made of it.
 */
#ifndef USER_LIB_ASK_H
#define USER_LIB_ASK_H

#include "user/lib/calls.h"
#include "user/lib/errno.h"

struct ask {
	u32 label;
	u32 word[4];
	const void *string; /* sent, NULL: none; at most DATA_MAX */
	u32 size;
	void *place; /* where the answer's string is taken, NULL: nowhere */
	u32 room;
	bool again;  /* asking twice does no harm: done again if the server dies meanwhile */
	u32 timeout; /* microseconds, 0: as long as it takes */
	u32 word0, word1, got; /* answer: values, bytes of the string */
};

/* 0 or an error.  EIO: the server died with the request in its hands. */
u32 ask(u32 endpoint, struct ask *request);

#endif
