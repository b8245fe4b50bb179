/* What the calls on files share: requests to ramfs that name a file by its path. */
#ifndef USER_LIB_POSIX_FILE_H
#define USER_LIB_POSIX_FILE_H

#include "user/lib/ask.h"

/* The working folder with which the program begins. */
void working_folder_begin(const char *folder);
const char *working_folder(void);

/* Asks with the whole path as string.  0 or the error. */
u32 ask_about_path(const char *path, struct ask *request);

#endif
