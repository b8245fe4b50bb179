/* The programs: the first boot module that is a tar archive. */
#ifndef USER_ROOT_ARCHIVE_H
#define USER_ROOT_ARCHIVE_H

#include "lib/elf.h"
#include "lib/tar.h"

/* False if no module is an archive. */
bool archive_open(struct tar *tar);
/* Where it lies, and its size; 0 if there is none. */
u32 archive_address(void);
u32 archive_bytes(void);
/* A program of the top level, checked; 0, or after a message EINVAL. */
u32 archive_program(const char *name, struct elf_program *program);
/* Whether the top level has it. */
bool archive_has(const char *name);

#endif
