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

#define F_DUPFD 0 /* a second descriptor, from the argument on */
#define F_GETFD 1
#define F_SETFD 2
#define FD_CLOEXEC 1

int open(const char *path, int flags, ...);
/* F_GETFD takes any argument. */
int fcntl(int fd, int what, int argument);

#endif
