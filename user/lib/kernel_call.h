/* For start.c, calls.c and tests of the entry itself: the instructions behind calls.h. */
#ifndef USER_LIB_KERNEL_CALL_H
#define USER_LIB_KERNEL_CALL_H

#include "user/lib/calls.h"

/* Loads the registers from there, calls the kernel, stores them there. */
void kernel_call(struct result *registers);
/* Whether the CPU has sysenter; and whether later calls use it (at first they use int 0x80). */
bool kernel_call_has_sysenter(void);
void kernel_call_choose(bool sysenter);

#endif
