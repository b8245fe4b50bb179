/* Requests to write, as far as there is room; the others wait, first come, first served. */
#ifndef USER_CON_WRITERS_H
#define USER_CON_WRITERS_H

#include "user/lib/server.h"

/*
 * Answered with how many bytes of it were written.  If there is no room, or others wait, some of
 * its bytes are kept, and it is answered by a later writers_serve().  EAGAIN: another one of the
 * client waits already.
 */
void writers_add(const struct request *request, struct answer *answer);
void writers_serve(void);
/* While on, all of them wait: what was written before is to leave. */
void writers_hold(bool on);

#endif
