/*
 * Loading a program into a task that has no thread yet.  Pages are filled in a window of the
 * caller's own address space and granted to the task, so no frame is ever writable and executable.
 */
#ifndef USER_LIB_LOAD_H
#define USER_LIB_LOAD_H

#include "lib/elf.h"

#define LOAD_ARGUMENTS 32u

/* Maps the pages that have bytes from the file; the pager fills the others (load_zero_page). */
u32 load_segments(u32 task, const struct elf_program *program);

/*
 * Maps the topmost page of the stack, with the arguments and, at *stack, the four words that
 * crt0.asm wants; it is of a program without servers.  E2BIG if the arguments do not fit.
 */
u32 load_stack(u32 task, u32 count, const char *const *arguments, u32 *stack);

/* The rights of a page of zeros that the program may have at this address; 0: none. */
u32 load_zero_page(const struct elf_program *program, u32 address);

#endif
