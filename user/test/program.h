/* The pages of this program, for another task that runs it too. */
#ifndef USER_TEST_PROGRAM_H
#define USER_TEST_PROGRAM_H

#include "lib/types.h"

/* Maps text and constants into a task without any, and copies data as they are.  0 or an error. */
u32 program_give(u32 task);

#endif
