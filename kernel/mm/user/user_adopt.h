/* Pages that the boot loader filled become a task's. */
#ifndef MM_USER_ADOPT_H
#define MM_USER_ADOPT_H

#include "mm/boot/modules.h"
#include "mm/tables/address_space.h"

/*
 * Maps a module's pages at `address`, readable and writable, as frames of the address space, which
 * is charged for them.  What the first and the last page have beside the module is zeroed.  The
 * module has no pages afterwards.  0, -ENOMEM, -EQUOTA, -EEXIST.  May sleep.
 */
int user_adopt_module(struct mm *mm, uintptr_t address, struct module *module);

#endif
