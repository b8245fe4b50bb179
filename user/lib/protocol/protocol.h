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

/*
 * A string of up to SHORT_MAX bytes stands in the words of a request or an answer: its size, then
 * its bytes.  An item would cost as much as the rest of the message once more.  This bit of the
 * label says so in an answer; in a request it says that whoever asks understands it, and the string
 * is there if there are more words than REQUEST_SHORT.  ask.h and server.h see to it on both sides.
 */
#define LABEL_SHORT 0x8000u
#define SHORT_MAX 224u
#define REQUEST_SHORT 4u
#define ANSWER_SHORT 2u

/* Bytes of a request's or an answer's string. */
#define DATA_MAX 0x10000u
#define PATH_MAX 256u /* with its 0 */

#endif
