/* Whole files, read from ramfs; and what ramfs and pipe are told of processes. */
#ifndef USER_PROC_FILES_H
#define USER_PROC_FILES_H

#include "user/lib/protocol/fs.h"

#define SERVER_TIME 500000u /* microseconds: how long proc waits for another server */

/* Where files are mapped while they are read, and their most bytes. */
#define FILE_WINDOW 0x38000000u
#define FILE_MAX 0x400000u

u32 file_stat(const char *path, struct fs_stat *stat);
/* Maps the file's bytes at FILE_WINDOW, if they are not there, until file_close().  E2BIG. */
u32 file_open(const char *path, u32 *size);
void file_close(void);

/* The child has its parent's open files and ends of pipes; a process has none any more. */
void files_fork(u32 parent, u32 child);
void files_exit(u32 pid);

#endif
