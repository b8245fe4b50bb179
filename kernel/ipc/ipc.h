/*
 * Sending, receiving and answering.
 *
 * objects_lock is held, with interrupts off, when a message goes from one thread to another; a
 * message without items takes nothing else.  A call and its answer on one CPU switch directly
 * between the two threads.
 */
#ifndef KERNEL_IPC_H
#define KERNEL_IPC_H

#include "kernel/ipc/endpoint.h"
#include "kernel/objects/user_thread.h"

/*
 * Sends what message_read() took, or a fault.  `self` is the running thread; objects_lock is held,
 * and released.  With `calls` it waits for the answer, which stands in its registers then.  Returns
 * the call's error.
 */
u32 ipc_send_message(struct user_thread *self, struct endpoint *endpoint, bool calls, u32 timeout);

/*
 * Receives into the registers of `self`; objects_lock is held, and released.  `next`: a thread that
 * is made ready first, and runs at once if nothing has to be waited for here; or NULL.
 */
u32 ipc_receive(
	struct user_thread *self, struct endpoint *endpoint, u32 timeout, struct user_thread *next);

/*
 * Something for a thread in RECV, which stands in no queue: bits of its notification, or the
 * message of the sender that has waited longest, which fits.  False: there is nothing.  True: its
 * call returns, or it is PASSIVE, because the sender, now awake, moves items to it.
 */
bool ipc_take(struct endpoint *endpoint, struct user_thread *receiver);

#endif
