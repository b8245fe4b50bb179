/*
 * The memory of the file server.  It is root's, and is mapped into each ramfs anew: the files
 * outlive who serves them.
 */
#ifndef USER_ROOT_STORE_H
#define USER_ROOT_STORE_H

#include "lib/types.h"

/* Maps archive and store into the task of a ramfs that begins.  0 or an error. */
u32 store_give(u32 task);
/* Makes the store so large, if there is memory, in that task too; its bytes then. */
u32 store_grow(u32 task, u32 bytes);

#endif
