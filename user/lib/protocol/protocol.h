/*
 * What all protocols between programs and servers share (docs/servers.md).
 *
 * A request: label = what is asked, words, at most one STRING item.  An answer: label = 0 or an
 * error of lib/errno.h, words 0 and 1 = values.
 */
#ifndef USER_LIB_PROTOCOL_H
#define USER_LIB_PROTOCOL_H

#include "lib/abi/abi.h"

/* Badges: pids are below; from here on servers, by `enum server`. */
#define PIDS 256u
#define BADGE_SERVERS 0xFFFF0000u
#define BADGE_OF(server) (BADGE_SERVERS + (server))

enum server_number {
	SERVER_ROOT,
	SERVER_PAGER,
	SERVER_NAMES,
	SERVER_CON,
	SERVER_RAMFS,
	SERVER_PIPE,
	SERVER_PROC,
	SERVERS
};

/* Bytes of a request's or an answer's string. */
#define DATA_MAX 0x10000u
#define PATH_MAX 256u /* with its 0 */

#endif
