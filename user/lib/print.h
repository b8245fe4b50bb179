/* Text to the kernel's console, and names of errors.  Conversions: lib/format.h. */
#ifndef USER_LIB_PRINT_H
#define USER_LIB_PRINT_H

#include "lib/format.h"

/* What fits into 256 bytes is printed at once: nobody else's text comes between. */
int printf(const char *fmt, ...) __printf_like(1, 2);
int vprintf(const char *fmt, va_list args);

/* "EINVAL"; of an unknown number "unknown error". */
const char *error_name(u32 error);

#endif
