/*
 * Programs, read once: pages of ELF files, kept by the file's number and version, and mapped into
 * every process that runs them.
 */
#ifndef USER_PROC_IMAGE_H
#define USER_PROC_IMAGE_H

#include "lib/elf.h"

struct image {
	bool loaded;
	u32 number, version; /* of the file */
	u32 bytes;           /* its size */
	u32 used;            /* when it was last asked for */
	struct elf_program program;
};

/* The image of a path; NULL with *error: ENOEXEC, E2BIG, or what ramfs said. */
const struct image *image_find(const char *path, u32 *error);
/* Maps its pages into a task that has none. */
u32 image_map(const struct image *image, u32 task);
/*
 * Regions for PAGER_ADOPT, three words each, into the message page; how many.  The start-up object
 * has `startup_pages`.
 */
u32 image_put_regions(const struct image *image, u32 startup_pages);

#endif
