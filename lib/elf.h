/*
 * Reads a program: an ELF file for the i386, static, in memory.  Everything that a loader uses is
 * checked first, so that no file can make it read outside the file or map outside user space.
 * Source: System V ABI, chapters 4 and 5, and its supplement for the Intel386.
 */
#ifndef LIB_ELF_H
#define LIB_ELF_H

#include "lib/abi/abi.h"

#define ELF_SEGMENTS 8u

/* A range of pages.  The file's bytes stand at its start, behind `skip` bytes of zeros. */
struct elf_segment {
	u32 start, pages; /* address of the first page, number of pages */
	u32 prot;         /* PROT_READ, PROT_WRITE, PROT_EXEC */
	u32 skip;         /* bytes before the first byte from the file */
	const u8 *data;
	u32 size; /* bytes from the file; all others of the pages are 0 */
};

struct elf_program {
	u32 entry;
	u32 segments;
	struct elf_segment
		segment[ELF_SEGMENTS]; /* in order of address, none with another's page */
};

/* Fills `program`, whose data point into `file`; NULL, or what is wrong with the file. */
const char *elf_read(const void *file, u32 size, struct elf_program *program);

#endif
