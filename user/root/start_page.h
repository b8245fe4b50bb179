/* What the kernel tells the first task, and the slots that this one uses. */
#ifndef USER_ROOT_START_PAGE_H
#define USER_ROOT_START_PAGE_H

#include "user/lib/layout.h"

#define start_page ((const struct start_page *)START_PAGE)

enum root_slot {
	SLOT_ENDPOINT = SLOT_FREE, /* faults and exits of the program */
	SLOT_ENDED,                /* notification: the program is gone; bound to root's thread */
	SLOT_REPLY,                /* takes the next reply handle */
	SLOT_CHILD,                /* the program's task, its thread, its way to root */
	SLOT_CHILD_THREAD,
	SLOT_CHILD_PARENT,
};

#endif
