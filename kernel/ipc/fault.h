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

/* Begins a copy by the kernel to or from the user memory of the running thread. */
static inline void copy_begins(struct user_thread *self) { self->copy_fault = NO_COPY_FAULT; }
/*
 * A page fault in such a copy: true if it goes on.  A page that is missing is asked for once: if the
 * copy faults there again, the pager's answer did not help.  A pager that ends the thread ends it
 * here too, behind the call.  Interrupts on; may sleep.
 */
bool fault_in_copy(u32 address, u32 error);
/* An exception of the running thread in user mode.  The same context. */
void fault_in_user_mode(const struct trapframe *frame, u32 address);

#endif
