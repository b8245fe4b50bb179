/* Errors, returned negative. */
#ifndef LIB_ERRNO_H
#define LIB_ERRNO_H
#define E2BIG 7
#define ENOMEM 12
#define EEXIST 17
#define EINVAL 22
#endif
