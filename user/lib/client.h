/*
 * Who asks a server, as a number for its tables; and what a family of clients may have.
 *
 * A child of the first process and all that descends from it are a family, known by the child's
 * number.  Of what a server has only so many of, it has at most as many as are left to the others
 * then: so it cannot take them all.  That does not hold for the first process, nor for servers.
 */
#ifndef USER_LIB_CLIENT_H
#define USER_LIB_CLIENT_H

#include "user/lib/protocol/protocol.h"

/* Processes by their pids, then servers. */
#define CLIENTS (PIDS + SERVERS)
#define NO_CLIENT CLIENTS
#define CLIENT_FIRST 1u

static inline u32 client_of(u32 badge)
{
	if (badge < PIDS)
		return badge;
	return badge - BADGE_SERVERS < SERVERS ? PIDS + badge - BADGE_SERVERS : NO_CLIENT;
}

static inline bool family_may_have_more(u32 family, u32 owned, u32 free)
{
	return owned < free || (free && (family == CLIENT_FIRST || family >= PIDS));
}

#endif
