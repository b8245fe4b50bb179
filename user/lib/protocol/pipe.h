/* Messages to pipe.  An end is a number that means something for its pid alone. */
#ifndef USER_LIB_PROTOCOL_PIPE_H
#define USER_LIB_PROTOCOL_PIPE_H

#include "user/lib/protocol/protocol.h"

enum pipe_request {
	/* Answer: word 0 = number of the end to read from, word 1 = of the end to write to. */
	PIPE_NEW = 1,
	PIPE_CLOSE, /* word 0 = number */
	/*
	 * Word 0 = number, word 1 = bytes, 1 or more.  Waits until there are some.  Answer: word 0
	 * = bytes, which the string has; 0: nobody can write any more.
	 */
	PIPE_READ,
	/*
	 * Word 0 = number; string.  Answer: word 0 = bytes taken, all of them; 0: there was no
	 * room, it is worth trying again now.  Waits while the pipe holds more than PIPE_BYTES.
	 * EPIPE: nobody can read any more.
	 */
	PIPE_WRITE,
	PIPE_FORK, /* proc only: as FS_FORK */
	PIPE_EXIT, /* proc only: as FS_EXIT */
};

#define PIPE_BYTES 0x10000u
#define PIPE_ENDS 32u /* of one client; a power of two */

#endif
