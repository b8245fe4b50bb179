/* The chain of callers. */
#ifndef ARCH_X86_BACKTRACE_H
#define ARCH_X86_BACKTRACE_H

#include "lib/types.h"

/*
 * Prints it, from the frame pointer on; stops at the first frame that is not mapped or not above
 * the last.
 */
void backtrace_print(uintptr_t ebp);

#endif
