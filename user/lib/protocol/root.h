/* Messages to root, from servers alone: SLOT_PARENT, with the server's badge. */
#ifndef USER_LIB_PROTOCOL_ROOT_H
#define USER_LIB_PROTOCOL_ROOT_H

#include "user/lib/protocol/protocol.h"

enum root_request {
	ROOT_EXIT = 1, /* as PARENT_EXIT: never answered */
	/*
	 * ramfs only: word 0 = number of a piece of its store, word 1 = enum store_request.
	 * Answer: word 0 = 1 if the piece is there, mapped from RAMFS_STORE + number * STORE_PIECE
	 * on, else 0; of STORE_LOOK: the first one from this number on that is, or STORE_PIECES.
	 */
	ROOT_STORE,
	/* proc only: word 0 = status.  The first process has ended. */
	ROOT_FIRST_ENDED,
	/* proc only: word 0 = POWER_OFF or POWER_RESET.  Answered only if it cannot be done. */
	ROOT_POWER,
};

enum store_request { STORE_LOOK, STORE_TAKE, STORE_DROP };
#define STORE_PIECE 0x40000u /* bytes */
#define STORE_PIECES 1536u   /* at most */

#define POWER_OFF 0u
#define POWER_RESET 1u

/* Where root maps what servers have of the machine. */
#define RAMFS_ARCHIVE 0x20000000u /* ARCHIVE= bytes of it in ramfs' environment */
#define RAMFS_STORE 0x40000000u
#define CON_SCREEN 0x30000000u
#define CON_SCREEN_PAGES 8u

#endif
