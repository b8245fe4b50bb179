/* Messages to names: endpoints by name, of the servers and of others that register. */
#ifndef USER_LIB_PROTOCOL_NAMES_H
#define USER_LIB_PROTOCOL_NAMES_H

#include "user/lib/protocol/protocol.h"

enum names_request {
	/* Servers only.  String: name; item HANDLE behind it: endpoint, right send. */
	NAMES_REGISTER = 1,
	/* String: name.  Answer: item HANDLE, with the caller's badge; ENOENT. */
	NAMES_LOOKUP,
	/* Word 0 = index.  Answer's string: the name; ENOENT behind the last one. */
	NAMES_ENTRY,
};

#define NAME_MAX 32u /* with its 0 */

/* Where root puts the endpoints of con, ramfs, pipe and proc, before each start of names. */
#define NAMES_SLOT(server) (128u + (server))

#endif
