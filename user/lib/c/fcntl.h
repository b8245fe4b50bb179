/* open, as in POSIX.1-2017. */
#ifndef USER_LIB_C_FCNTL_H
#define USER_LIB_C_FCNTL_H

#define O_RDONLY 1
#define O_WRONLY 2
#define O_RDWR 3
#define O_CREAT 4
#define O_TRUNC 8
#define O_APPEND 16
#define O_DIRECTORY 32

int open(const char *path, int flags, ...);

#endif
