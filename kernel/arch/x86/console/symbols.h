/* Names of functions, for messages. */
#ifndef ARCH_X86_SYMBOLS_H
#define ARCH_X86_SYMBOLS_H

#include "lib/types.h"

/* Name of the function that holds `address` and the offset into it; "?" where there is none. */
const char *symbol_name(uintptr_t address, u32 *offset);

#endif
