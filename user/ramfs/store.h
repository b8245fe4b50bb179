/* The beginning: from an empty store, or from one that a ramfs before has left behind. */
#ifndef USER_RAMFS_STORE_H
#define USER_RAMFS_STORE_H

#include "lib/types.h"

/* What was found, for the message. */
struct takeover {
	u32 files;   /* that are whole */
	u32 dropped; /* damaged ones; `name` tells each */
	u32 closed;  /* open files that lead nowhere any more */
	void (*name)(const char *name);
};

/* An empty store; then the archive's folder bin/ as /bin.  0 or an error. */
u32 store_format(void);
/* False: there is none that could be taken over. */
bool store_resume(struct takeover *takeover);
/* Gives /bin the archive's programs that it lacks. */
u32 store_add_programs(const u8 *archive, u32 bytes);

#endif
