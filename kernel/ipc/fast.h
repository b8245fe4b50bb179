/*
 * The short way of a message: two threads of one CPU, words only, no time limit.
 *
 * A call finds its receiver waiting, or an answer its caller, and nothing has to be waited for but
 * the other one: then the CPU goes straight from one thread to the other.  What is done is what
 * ipc.c and reply.c do, in the same order of looks; whatever is not so simple is left to them.
 */
#ifndef KERNEL_FAST_H
#define KERNEL_FAST_H

#include "kernel/objects/user_thread.h"

/*
 * Each is asked first, with interrupts off.  False: nothing has been done.  True: the call returns
 * self->result.
 */
bool fast_call(struct user_thread *self, struct trapframe *frame);
bool fast_reply_recv(struct user_thread *self, struct trapframe *frame);

#endif
