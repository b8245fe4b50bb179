/*
 * Reads a tar archive in memory, in the format ustar (POSIX.1-2017, pax, "ustar Interchange
 * Format").  Nothing in it is believed before it is checked: checksum, format, name, and that the
 * file lies inside the archive.  The kernel finds the first task by it, the first task all other
 * programs.
 */
#ifndef LIB_TAR_H
#define LIB_TAR_H

#include "lib/types.h"

#define TAR_NAME_SIZE 257u /* prefix, '/', name, 0 */

struct tar {
	const u8 *start;
	u32 size;          /* bytes */
	u32 next;          /* where the next header lies; 0 is the first */
	const char *fault; /* what is wrong with the header at `next`, NULL: nothing so far */
};

struct tar_file {
	char name[TAR_NAME_SIZE]; /* without "./" in front */
	const u8 *data;
	u32 size;
	bool regular; /* a file; else a folder, a link or the like */
};

/*
 * The next entry; false at the end of the archive, or where it is damaged (tar->fault says so).
 * Nothing after damage can be found.
 */
bool tar_next(struct tar *tar, struct tar_file *file);

/* The first regular file of this name, wherever tar->next stands; false as above. */
bool tar_find(struct tar *tar, const char *name, struct tar_file *file);

#endif
