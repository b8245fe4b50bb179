/* Messages to ramfs.  Paths begin with '/'; the library makes them so. */
#ifndef USER_LIB_PROTOCOL_FS_H
#define USER_LIB_PROTOCOL_FS_H

#include "user/lib/protocol/protocol.h"

enum fs_request {
	/* String: path; word 0 = OPEN_ flags.  Answer: word 0 = number of the open file. */
	FS_OPEN = 1,
	FS_CLOSE, /* word 0 = number */
	/* Word 0 = number, word 1 = bytes.  Answer: word 0 = bytes, which the string has. */
	FS_READ,
	/* The same at an offset (word 2), whatever the position, which stays. */
	FS_READ_AT,
	/* Word 0 = number; string.  Answer: word 0 = bytes written. */
	FS_WRITE,
	/* Word 0 = number, word 1 = offset, word 2 = SEEK_ kind.  Answer: word 0 = position. */
	FS_SEEK,
	/* String: path.  Answer's string: struct fs_stat. */
	FS_STAT,
	/* Word 0 = number of an open folder, word 1 = index.  Answer's string: struct fs_entry;
	   ENOENT behind the last one. */
	FS_ENTRY,
	FS_UNLINK, /* string: path of a file, or of an empty folder */
	FS_MKDIR,  /* string: path */
	/* String: path, 0, new path. */
	FS_RENAME,
	FS_TRUNCATE, /* word 0 = number, word 1 = bytes */
	/* proc only: word 0 = parent's pid, word 1 = child's; the child gets all its open files. */
	FS_FORK,
	/* proc only: word 0 = pid: all its files are closed. */
	FS_EXIT,
};

#define OPEN_READ 1u
#define OPEN_WRITE 2u
#define OPEN_CREATE 4u
#define OPEN_TRUNCATE 8u
#define OPEN_APPEND 16u
#define OPEN_FOLDER 32u

#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2

#define FS_NAME_MAX 64u   /* with its 0 */
#define FS_OPEN_FILES 32u /* of one client */

struct fs_stat {
	u32 folder;  /* 1: a folder */
	u32 size;    /* bytes; of a folder: entries */
	u32 number;  /* of the file, while it exists */
	u32 version; /* changes whenever its bytes change */
	u32 changed; /* seconds since 1970 */
};

struct fs_entry {
	struct fs_stat stat;
	char name[FS_NAME_MAX];
};

#endif
