/* Errors of servers and of the C library, beside those of calls; numbers as in POSIX systems. */
#ifndef USER_LIB_ERRNO_H
#define USER_LIB_ERRNO_H

#include "lib/errno.h"

#define ENOENT 2   /* no file of this name */
#define ESRCH 3    /* no such process */
#define EIO 5      /* the server died with the call in its hands */
#define EBADF 9    /* no open file of this number */
#define ENOEXEC 8  /* no program */
#define ECHILD 10  /* no child to wait for */
#define EACCES 13  /* not open for that */
#define ENOTDIR 20 /* no folder */
#define EISDIR 21  /* a folder */
#define EMFILE 24  /* too many open files */
#define EFBIG 27   /* larger than a file can be */
#define ENOSPC 28  /* no room for files */
#define ESPIPE 29  /* it has no position */
#define EPIPE 32   /* nobody reads any more */
#define ERANGE 34  /* no number of this type */
#define ENAMETOOLONG 36
#define ENOSYS 38    /* no such request */
#define ENOTEMPTY 39 /* a folder with entries */

#endif
