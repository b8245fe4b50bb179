/*
 * The memory of the file server.  It is root's, and is mapped into each ramfs anew: the files
 * outlive who serves them.
 */
#ifndef USER_ROOT_STORE_H
#define USER_ROOT_STORE_H

#include "lib/types.h"

/* Maps archive and store into the task of a ramfs that begins.  0 or an error. */
u32 store_give(u32 task);
/* What ROOT_STORE asks for and answers (protocol/root.h), in that task too. */
u32 store_serve(u32 task, u32 piece, u32 request);

#endif
