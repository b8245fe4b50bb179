/* Serves the running program: a small pager, and whoever hears of its end. */
#ifndef USER_ROOT_SUPERVISE_H
#define USER_ROOT_SUPERVISE_H

#include "lib/elf.h"

#define STATUS_KILLED 128u /* plus the vector of the exception that ended it */

/*
 * Until its task is gone: pages of zeros for its data and stack, any other fault ends it.  Returns
 * its status: what it called exit with, else STATUS_KILLED plus a vector (0 if it was destroyed).
 */
u32 supervise(const char *name, const struct elf_program *program);

#endif
