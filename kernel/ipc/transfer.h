/*
 * The items of a message: strings copied, pages mapped or granted, handles copied.
 *
 * The sender's thread (or the replier's) makes the transfer, in its own address space, with no lock
 * held between pages; the other side sleeps in PASSIVE.  Strings go first, page by page; then
 * handles and pages are checked and reserved before anything moves, so that all of them arrive or
 * none does.
 */
#ifndef KERNEL_TRANSFER_H
#define KERNEL_TRANSFER_H

#include "kernel/objects/user_thread.h"

struct transfer_result {
	u32 sender;   /* 0, or what the sender's call returns; the message is not delivered then */
	u32 receiver; /* 0, or EFAULT: it is delivered, but a page of the place is missing */
};

/*
 * Before the sender queues: touches the pages of its strings, so that they are there.  EINVAL,
 * EFAULT.
 */
u32 transfer_prepare(struct user_thread *sender);
/* True if kinds and sizes of the sender's items fit the receiver's places.  objects_lock held. */
bool transfer_fits(const struct user_thread *sender, const struct user_thread *receiver);
/*
 * Moves the items of `sender`, the running thread, to `receiver`.  Ends early, with EDEAD, if one
 * of the two is to end.  No lock held; may sleep.
 */
struct transfer_result transfer_items(struct user_thread *sender, struct user_thread *receiver);

#endif
