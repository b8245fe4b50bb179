/*
 * Faults injected into the servers while they run, one after the other, and what becomes of them
 * (tests/servers/inject.py).  Only if the archive has a list of them, as the file `faults`, which
 * the tests put there; else nothing here does anything.
 *
 * The first process runs again and again: a round.  A fault is made in the midst of one; that round
 * and one more show whether it does harm.  Then the server is restarted if it was not, and a round
 * must work; the next fault comes in the one after that.  For each fault a line says what was seen,
 * on the second serial line:
 *
 *     fault NUMBER of SERVER: NOTICED; works after N rounds
 *
 * absent      there was no page at this address
 * silent      no harm was seen
 * exception, exit, silence
 *             a server ended by an exception, by itself, or did not answer pings
 * answer      the first process ended with another status than 0
 * stuck       it did not end
 * later       all this was seen only after the restart of the server, which did not know of it
 *
 * What hangs after the server is there again is interrupted: all processes are killed, as somebody
 * at the keyboard would do.  When three rounds did not work, the line says "lost", and the machine
 * ends.
 */
#ifndef USER_ROOT_TRIAL_H
#define USER_ROOT_TRIAL_H

#include "lib/types.h"

/* Whether there is a list.  To be asked first. */
bool trial_begin(void);

/* What happens, as the supervisor sees it; each does nothing without a list. */
void trial_round_began(void);
void trial_round_ended(u32 status);
/* `how`: "exception", "exit" or "silence". */
void trial_server_ended(u32 server, const char *how);

/* When trial_time is to be called, microseconds since boot; ~0: never. */
u64 trial_due(void);
void trial_time(u64 now);

#endif
