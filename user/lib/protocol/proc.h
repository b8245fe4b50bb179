/* Messages to proc.  The caller is known by its badge, the pid. */
#ifndef USER_LIB_PROTOCOL_PROC_H
#define USER_LIB_PROTOCOL_PROC_H

#include "user/lib/protocol/protocol.h"

enum proc_request {
	/* Word 0 = status.  Never answered. */
	PROC_EXIT = 1,
	/* Answer: word 0 = the child's pid; in the child the call returns with word 0 = 0, word 1 =
	   its own pid. */
	PROC_FORK,
	/* String: a start-up object.  Answered only if it fails. */
	PROC_EXEC,
	/* The same in a new process, with copies of the caller's open files.  Answer: its pid. */
	PROC_SPAWN,
	/* Word 0 = pid of a child, 0: any; word 1 = WAIT_ flags.  Answer: pid (0: none yet),
	   status. */
	PROC_WAIT,
	/* Word 0 = pid, word 1 = KILL_PROCESS; or a group, KILL_GROUP; or the pid of a server that
	   PROC_LIST tells, KILL_SERVER.  Also from root, sent and not called. */
	PROC_KILL,
	/* Word 0 = pid (0: own), word 1 = group (0: a new one, named as the pid). */
	PROC_GROUP,
	/* Answer: word 0 = pid of the parent, word 1 = group. */
	PROC_PARENT,
	/* Word 0 = first pid.  Answer's string: structs proc_entry; word 0 = how many. */
	PROC_LIST,
	PROC_POWER, /* word 0 as of ROOT_POWER, to which it is handed on */
	/*
	 * Word 0 = pid, word 1 = address.  Answer's string: structs info_map of its pages from
	 * there on, at most PROC_MAPS_MAX; none: no more.
	 */
	PROC_MAPS,
	/* root only, after the start of the servers, sent and not called.  String: a start-up
	   object, of pid 1.  Its end, or that it cannot be made, is told by ROOT_FIRST_ENDED.
	   Nothing happens if it is there. */
	PROC_FIRST,
};

#define PROC_MAPS_MAX 256u
#define WAIT_NOHANG 1u
#define KILL_PROCESS 0u
#define KILL_GROUP 1u
#define KILL_SERVER 2u /* not root, not pager */

/* Statuses of wait: what it called exit with, 0 to 127; killed: 128 + vector; by kill: 137. */
#define STATUS_BY_KILL 137u
#define STATUS_BY_VECTOR 128u /* + the exception's */

/* Servers have the pids PIDS + enum server_number. */
struct proc_entry {
	u32 pid, parent, group,
		state;   /* state: 0 runs, 1 waits in a call, 2 ended, not waited for */
	u32 used, limit; /* bytes */
	u32 server;      /* not 0: a server, restarted so many times - 1 */
	char name[32];
};

#endif
