/*
 * Paths.  Servers get whole ones: they begin with '/', and have neither "." nor ".." nor '/' twice.
 * ".." is taken from the text, as there are no links.
 */
#ifndef USER_LIB_POSIX_PATH_H
#define USER_LIB_POSIX_PATH_H

#include "lib/types.h"
#include "user/lib/protocol/protocol.h"

/*
 * Makes the whole path of `path`, seen from `folder`, a whole path itself.  False: longer than
 * PATH_MAX.
 */
bool path_whole(const char *folder, const char *path, char whole[PATH_MAX]);

#endif
