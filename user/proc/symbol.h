/*
 * Names of functions, from the symbol table of an ELF file in memory.  Nothing in the file is
 * believed: what does not lie inside it is no name.  Source: System V ABI, chapter 4, Symbol Table.
 */
#ifndef USER_PROC_SYMBOL_H
#define USER_PROC_SYMBOL_H

#include "lib/types.h"

/* The function that an address lies in, and where that starts; NULL: none is known. */
const char *elf_symbol(const void *file, u32 size, u32 address, u32 *start);

#endif
