/* The long way of calls that call_fast.c answers in most cases; it does all of them. */
#ifndef KERNEL_CALL_IPC_H
#define KERNEL_CALL_IPC_H

#include "kernel/objects/user_thread.h"

u32 long_call(struct user_thread *self, struct trapframe *frame);
u32 long_reply_recv(struct user_thread *self, struct trapframe *frame);

#endif
