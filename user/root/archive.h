/* The programs: the first boot module that is a tar archive. */
#ifndef USER_ROOT_ARCHIVE_H
#define USER_ROOT_ARCHIVE_H

#include "lib/tar.h"

/* False if no module is an archive. */
bool archive_open(struct tar *tar);

#endif
