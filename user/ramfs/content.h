/*
 * The bytes of a file.  They stand in blocks; a file of one block has it as `top`.  A larger one
 * has blocks of entries above them, one or two levels: 512 blocks for each entry of the level
 * below, so 2 MiB and 1 GiB.  Each entry has the sum of its block: a damaged block is found by it.
 *
 *     top -> block of entries -> block of entries -> block of bytes
 *            levels = 2           levels = 1          levels = 0
 */
#ifndef USER_RAMFS_CONTENT_H
#define USER_RAMFS_CONTENT_H

#include "user/ramfs/node.h"

#define CONTENT_MAX 0x40000000u /* bytes of one file */

/* The boot archive, of which files have their first bytes. */
void content_archive(const u8 *start, u32 bytes);

/*
 * At most `bytes` from `at` on: *got of them, at the address returned.  They stand in the store or
 * the archive, or in `buffer` if they do not stand together.
 */
const void *content_view(const struct node *node, u32 at, u32 bytes, void *buffer, u32 *got);

/*
 * Writes; what lies between the old end and `at` is zeros.  ENOSPC if there was no room for all of
 * it, EFBIG if it begins behind CONTENT_MAX; what goes beyond that is left out.
 */
u32 content_write(struct node *node, u32 at, const void *bytes, u32 size, u32 *written);
/* The file ends here, or is zeros up to here.  ENOSPC: an archive's file stays as it is. */
u32 content_cut(struct node *node, u32 size);

/* A file or folder without name that nobody has open goes: blocks and record. */
void content_collect(u32 number);

/*
 * After a restart: takes possession of its blocks.  False if one is damaged or another file's; then
 * it has none.  A folder has none in any case.
 */
bool content_claim(struct node *node);

#endif
