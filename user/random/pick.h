/* Random arguments by the table of calls. */
#ifndef USER_RANDOM_PICK_H
#define USER_RANDOM_PICK_H

#include "user/lib/calls.h"

struct random {
	u32 state;
	u32 worker;
	/* Of ordered calls, slots that ask for one; 0: none. */
	u32 reply, dead, empty,
		made; /* a call to be answered; something ended; nothing; a new handle */
};

u32 random_next(struct random *random);
static inline u32 random_below(struct random *random, u32 n) { return random_next(random) % n; }

/* A call with arguments of which most are good ones.  Never one that ends the machine. */
struct result pick_call(struct random *random);
/* What stands in the message page beforehand. */
void pick_message(struct random *random, struct message *message);

#endif
