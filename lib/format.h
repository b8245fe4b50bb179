/*
 * printf-style formatting into a sink.
 *
 * Conversions: %d %i %u %x %X %o %c %s %p %%, flags '-' '0' '#' '+' ' ', width and precision
 * (numbers or '*'), lengths hh h l ll z.  No floating point.  %p prints 0x and eight digits.
 */
#ifndef LIB_FORMAT_H
#define LIB_FORMAT_H

#include "lib/compiler.h"
#include "lib/types.h"

#include <stdarg.h>

/* Receives the characters one by one. */
struct sink {
	void (*put)(struct sink *sink, char c);
};

/* Returns the number of characters put. */
int vformat(struct sink *sink, const char *fmt, va_list args);

/* As ISO C: writes at most size bytes, 0 included; returns the length the whole would have had. */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list args);
int snprintf(char *buf, size_t size, const char *fmt, ...) __printf_like(3, 4);

#endif
