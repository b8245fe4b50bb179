/*
 * The few functions of <string.h> that a kernel needs; GCC emits calls to the first four by itself.
 */
#ifndef LIB_STRING_H
#define LIB_STRING_H

#include "lib/types.h"

void *memset(void *dst, int byte, size_t n);
void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
int memcmp(const void *a, const void *b, size_t n);

size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
const char *strchr(const char *s, int c);

/* Copies at most size - 1 bytes and always ends `dst` with 0 (size > 0).  Returns strlen(src). */
size_t strlcpy(char *dst, const char *src, size_t size);

#endif
