/* What of the machine goes to con, and the machine's end. */
#ifndef USER_ROOT_MACHINE_H
#define USER_ROOT_MACHINE_H

#include "lib/types.h"

/* Ports, screen and interrupts; the task is con's.  0 or an error. */
u32 machine_give_console(u32 task, u32 notification);

/* Text for the second serial line, which no server has: for what a damaged one must not garble. */
void machine_tell(const char *text);

/* Ends QEMU with this status, where it has isa-debug-exit; else the processor's reset line. */
void machine_off(u32 status);
void machine_reset(void);

#endif
