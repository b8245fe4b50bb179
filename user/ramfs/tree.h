/*
 * Files and folders by their paths.  A path begins with '/', and has names with one '/' between
 * them (user/lib/posix/path.h makes it so).
 */
#ifndef USER_RAMFS_TREE_H
#define USER_RAMFS_TREE_H

#include "user/ramfs/node.h"

/* All return 0 or an error. */
u32 tree_find(const char *path, u32 *number);
/* What FS_OPEN does before the file is open: finds it or makes it, cuts it off, as `flags` say. */
u32 tree_open(const char *path, u32 flags, u32 *number);
u32 tree_make_folder(const char *path);
/* A file that is open stays until it is closed (open.h). */
u32 tree_unlink(const char *path);
/* What had the new name goes, as by tree_unlink. */
u32 tree_rename(const char *from, const char *to);
#endif
