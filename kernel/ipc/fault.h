/*
 * Faults of user mode, as messages to the task's pager.
 *
 * label = vector | access << 8, word 0 = address, word 1 = eip, badge = that of the pager handle
 * given when the task was made; flags CALL and FAULT.  The message is made from the kernel's stack:
 * the thread's message page is not touched.  The answer's label 0 lets the thread go on; anything
 * else, or a dead pager, ends the thread.  A task without a pager ends at its first fault.
 */
#ifndef KERNEL_FAULT_H
#define KERNEL_FAULT_H

#include "kernel/objects/user_thread.h"

/* Begins a kernel copy to or from the user memory of the running thread: see kernel_copy_fault(). */
void copy_begins(struct user_thread *self);

#endif
