/* Of <stdlib.h>, ISO C. */
#ifndef USER_LIB_C_STDLIB_H
#define USER_LIB_C_STDLIB_H

#include "lib/compiler.h"
#include "lib/types.h"
#include "user/lib/exit.h"

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1

void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *block, size_t size);
void free(void *block);
int atoi(const char *text);
long strtol(const char *text, char **end, int base);
char *getenv(const char *name);
int setenv(const char *name, const char *value, int overwrite);
void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *));

#endif
