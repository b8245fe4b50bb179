/* Commands that the shell does itself. */
#ifndef USER_SH_BUILTIN_H
#define USER_SH_BUILTIN_H

#include "lib/types.h"

typedef int builtin(int argc, char **argv);

/* NULL: it is a program. */
builtin *builtin_find(const char *name);
/* The names one after the other; NULL: no more. */
const char *builtin_name(u32 n);

#endif
