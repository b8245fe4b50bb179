/*
 * Open files: a client's number leads to a record with node, position and flags, which the children
 * of fork have in common.  Both lie in the store, sealed, so a restart closes no file.
 */
#ifndef USER_RAMFS_OPEN_H
#define USER_RAMFS_OPEN_H

#include "user/lib/client.h"
#include "user/lib/protocol/fs.h"

struct open_file {
	u32 sum; /* of the words behind it */
	u32 node, position, flags;
	u32 users;  /* numbers that lead here; 0: free */
	u32 family; /* whose it is, see open_new() */
	u32 unused[2];
};

/* Forgets all. */
void open_format(void);
/* After a restart: closes what is damaged, or leads to no file.  How many were. */
u32 open_resume(void);

/* 0 and the number, or EMFILE: also if the family has its share (client.h). */
u32 open_new(u32 client, u32 node, u32 flags, u32 *number);
/* Whether that would find a number and a record. */
bool open_is_possible(u32 client);
/* NULL: the client has no such number. */
struct open_file *open_of(u32 client, u32 number);
/* After a change. */
void open_seal(struct open_file *file);
/* False: no such number. */
bool open_close(u32 client, u32 number);
/* The child gets what the parent has, instead of what it had itself. */
void open_fork(u32 parent, u32 child);
void open_exit(u32 client);

#endif
