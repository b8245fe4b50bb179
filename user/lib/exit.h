/* The end of a program. */
#ifndef USER_LIB_EXIT_H
#define USER_LIB_EXIT_H

#include "lib/compiler.h"

/* Writes what streams still hold, then tells the parent, which ends the task. */
__noreturn void exit(int status);

#endif
