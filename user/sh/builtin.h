/* Commands that the shell does itself. */
#ifndef USER_SH_BUILTIN_H
#define USER_SH_BUILTIN_H

#include "lib/types.h"

typedef int builtin(int argc, char **argv);

/* NULL: it is a program, as is the `kill` of a server. */
builtin *builtin_find(int argc, char **argv);
/* The names one after the other; NULL: no more. */
const char *builtin_name(u32 n);

#endif
