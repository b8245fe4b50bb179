/* What the kernel tells the first task. */
#ifndef USER_ROOT_START_PAGE_H
#define USER_ROOT_START_PAGE_H

#include "lib/abi/abi.h"

#define start_page ((const struct start_page *)START_PAGE)

#endif
