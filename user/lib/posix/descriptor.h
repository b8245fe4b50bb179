/*
 * The descriptors of POSIX: small numbers, each of which names the server that has the open file
 * and the file's number there.  dup() makes a second descriptor of the same pair; the server hears
 * of the last close alone.
 */
#ifndef USER_LIB_POSIX_DESCRIPTOR_H
#define USER_LIB_POSIX_DESCRIPTOR_H

#include "user/lib/startup.h"

#define DESCRIPTORS STARTUP_FILES

struct descriptor {
	u32 kind;        /* enum file_kind */
	u32 number;      /* in its server */
	bool not_passed; /* FD_CLOEXEC: a program that is started from here does not get it */
};

/* At first as in a program without servers: 1 and 2 go to the kernel's console. */
extern struct descriptor descriptors[DESCRIPTORS];

/* What the start-up object says; those marked FILE_CLOSE are closed. */
void descriptors_begin(const struct startup *startup);
/* Puts them into the start-up object of another program. */
void descriptors_pass(struct startup *startup);

/* The lowest free one from `least` on; -1 and EMFILE. */
int descriptor_new(u32 least, u32 kind, u32 number);
/* NULL and EBADF: nothing is open there. */
struct descriptor *descriptor_of(int fd);
/* The same, NULL and `error` unless it is of this kind. */
struct descriptor *descriptor_of_kind(int fd, u32 kind, int error);

/* Sets errno; -1. */
int failed(u32 error);

#endif
