/*
 * The start-up object: what a program is told when it begins.  One block at STARTUP, written by the
 * library of who starts it; servers pass it on without reading more than its path.
 *
 *   struct startup
 *   path, 0; arguments, each with its 0; environment, each NAME=value with its 0; working folder, 0
 */
#ifndef USER_LIB_STARTUP_H
#define USER_LIB_STARTUP_H

#include "lib/types.h"

#define STARTUP_MAX 0x10000u /* bytes, all strings included */
#define STARTUP_FILES 16u

#define STARTUP_TRACE 1u     /* the library prints each call that it makes */
#define STARTUP_RESTARTED 2u /* a server whose predecessor died */

struct startup {
	u32 size; /* of all, strings included */
	u32 flags;
	u32 arguments, variables;
	/* Open files by their descriptor: FILE_ kind and the server's number. */
	struct {
		u32 kind, number;
	} file[STARTUP_FILES];
	char text[];
};

/* What a start-up object is made of. */
struct startup_plan {
	const char *path, *folder;
	const char *const *argument, *const *variable; /* each list ends with NULL */
	u32 flags;
};

/*
 * Writes one into `room` bytes, without open files.  Its size, 0: it does not fit.
 */
u32 startup_write(struct startup *startup, u32 room, const struct startup_plan *plan);

/*
 * Whether `size` bytes are a whole one: its strings are there and end inside it.  To be asked of
 * one that came in a message.
 */
bool startup_is_valid(const struct startup *startup, u32 size);

/* The string `n` of it: 0 the path, then arguments, variables and the working folder. */
const char *startup_string(const struct startup *startup, u32 n);
/* Pointers to `count` of them from number `first` on, and a NULL. */
void startup_strings(const struct startup *startup, u32 first, u32 count, char **list);

enum file_kind {
	FILE_NONE,
	FILE_KERNEL, /* writes go to the kernel's console: servers, and programs without servers */
	FILE_CON,
	FILE_FS,
	FILE_PIPE,
	FILE_NULL /* /dev/null, of which no server knows: nothing to read, and writes go nowhere */
};

#define FILE_KINDS 0xFFu
/* Beside the kind: not for the program, which closes it first of all (FD_CLOEXEC). */
#define FILE_CLOSE 0x100u

#endif
