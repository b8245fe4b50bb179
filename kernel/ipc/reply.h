/*
 * Answers.
 *
 * A reply handle is the right to answer one call once.  What can be checked is checked before it is
 * used up: EPERM, EMSGSIZE, ENOMEM and EQUOTA leave it.  A source page that is missing later wakes
 * the caller with EFAULT too.  The answer to a fault is its label: 0 lets the thread go on,
 * anything else ends it.
 */
#ifndef KERNEL_REPLY_H
#define KERNEL_REPLY_H

#include "kernel/objects/user_thread.h"

struct reply_call {
	u32 slot;          /* of the reply handle; takes the next one */
	u32 endpoint_slot; /* 0: only answers */
	u32 timeout;
};

/*
 * Answers with what message_read() took, then receives.  objects_lock is held, and released.
 * Returns the call's error; one of the answer has TAG_REPLY in the frame if the handle is used up.
 */
u32 ipc_reply_and_receive(
	struct user_thread *self, struct trapframe *frame, const struct reply_call *call);

#endif
