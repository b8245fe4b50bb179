/* Calls for a race whose order the kernel logs and the model replays (kernel/hooks/order_log.h). */
#ifndef USER_RANDOM_ORDERED_H
#define USER_RANDOM_ORDERED_H

#include "user/random/pick.h"

#define ORDER_LIMIT 0x3F0DE000u /* the limit of a task that the kernel watches */

/*
 * A call whose answer depends on nothing but what the log orders: messages of words, notifications,
 * handles, threads; pages in a range that no other thread uses.  `message` is prepared for it.
 */
struct result ordered_pick(struct random *random, struct message *message);
/* What the call returned: a call that is to be answered is remembered. */
void ordered_look(struct random *random, struct result call, struct result answer);

#endif
