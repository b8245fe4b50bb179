/*
 * The system calls as C functions: parameters in the order of lib/abi/calls.h, which says what each
 * takes; tests/host/test_stubs.py compares the two.  Handles are numbers of 12 bits.  Every call
 * returns all five registers; `error` is 0 or one of lib/errno.h.
 */
#ifndef USER_LIB_CALLS_H
#define USER_LIB_CALLS_H

#include "lib/abi/abi.h"
#include "lib/abi/calls.h"

struct result {
	u32 error; /* eax */
	u32 badge; /* ebx */
	u32 tag;   /* esi */
	u32 word0; /* edi; of calls on ranges: pages done */
	u32 word1; /* ebp */
};

/* Sends a message and waits for the reply; a time-out of 0 is EINVAL. */
struct result ipc_call(u32 endpoint, u32 tag, u32 word0, u32 word1, u32 timeout);
/* Answers a call, then receives; without an endpoint it only answers. */
struct result ipc_reply_recv(u32 reply, u32 endpoint, u32 tag, u32 word0, u32 word1, u32 timeout);
/* Sends a message that nobody answers. */
struct result ipc_send(u32 endpoint, u32 tag, u32 word0, u32 word1, u32 timeout);
/* Receives a message, or the bits of the notification bound to the thread. */
struct result ipc_recv(u32 endpoint, u32 slot, u32 timeout);
/* Raises bits; a badge other than 0 masks them. */
struct result notify(u32 notification, u32 bits);
/* Waits for bits of the mask, takes them and returns them. */
struct result notify_wait(u32 notification, u32 mask, u32 timeout);
/* Makes a task, an endpoint or a notification. */
struct result obj_create(u32 system, u32 slot, u32 kind, u32 limit, u32 handles, u32 slots);
/* Copies a handle, with fewer rights; a reply handle is moved. */
struct result handle_copy(u32 task, u32 slot, u32 source, u32 rights, u32 badge);
/* Empties a slot; DESTROY ends the object too. */
struct result handle_drop(u32 handle, u32 flags);
/* Makes a thread, which waits for START. */
struct result thread_create(u32 task, u32 slot, u32 entry, u32 stack, u32 message, u32 word);
/* Starts, stops, moves a thread, or reads and sets its registers. */
struct result thread_ctl(u32 thread, u32 other, u32 what, u32 word0, u32 word1);
/* Maps new, zeroed pages, or with PHYS a device's. */
struct result mem_alloc(u32 task, u32 system, u32 place, u32 pages, u32 frame);
/* Maps, moves, copies, shares or protects pages. */
struct result mem_map(u32 to, u32 from, u32 place, u32 source, u32 pages);
/* Removes mappings; REVOKE removes them everywhere. */
struct result mem_unmap(u32 task, u32 place, u32 pages);
/* Attaches a device's interrupt to a notification, detaches, acknowledges. */
struct result irq_ctl(u32 system, u32 notification, u32 what, u32 irq, u32 bit);
/* Lets a task use I/O ports. */
struct result io_grant(u32 system, u32 task, u32 port, u32 count);
/* Sets the notification's timer, in microseconds since boot; 0 stops it. */
struct result timer_set(u32 notification, u32 bit, u32 low, u32 high);
/* Reads what the kernel knows of itself, a task, its maps, a thread. */
struct result sys_info(u32 object, u32 what, u32 from, u32 buffer, u32 length);
/* Prints, ends the machine, reads the clock. */
struct result sys_ctl(u32 system, u32 what, u32 word0, u32 word1);

#endif
