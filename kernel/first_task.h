/*
 * The first task, root: loaded by the kernel from the boot module that is an archive with a program
 * of that name, with all modules mapped, and with handles to itself and to the system
 * (lib/abi/abi.h, "The first task").  All other programs are loaded by root.
 */
#ifndef KERNEL_FIRST_TASK_H
#define KERNEL_FIRST_TASK_H

#include "lib/types.h"

/* What tasks need of the kernel.  Step 8, once. */
void tasks_begin(void);

/*
 * Starts root and waits until it has ended.  NULL, or why it could not be started.  In a thread
 * that has no address space.
 */
const char *first_task_run(void);

#endif
