/* Text to descriptor 1, and names of errors.  Conversions: lib/format.h. */
#ifndef USER_LIB_PRINT_H
#define USER_LIB_PRINT_H

#include "lib/format.h"

/*
 * In a server, and in a program without servers, descriptor 1 is the kernel's console: what fits
 * into 256 bytes is printed at once, and nobody else's text comes between.
 */
int printf(const char *fmt, ...) __printf_like(1, 2);
int vprintf(const char *fmt, va_list args);

/* "EINVAL"; of an unknown number "unknown error". */
const char *error_name(u32 error);

#endif
