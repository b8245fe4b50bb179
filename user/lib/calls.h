/*
 * The system calls as C functions: parameters in the order of lib/abi/calls.h, which says what each
 * takes; tests/host/test_stubs.py compares the two.  Handles are numbers of 12 bits.  Every call
 * returns all five registers; `error` is 0 or one of lib/errno.h.
 *
 * They are inline, so that what a caller does not look at stays in its register.
 */
#ifndef USER_LIB_CALLS_H
#define USER_LIB_CALLS_H

#include "user/lib/kernel_call.h"

_Static_assert(CALL_NUMBERS == 20, "a call of the table has no function here");

/* The registers that carry arguments, beside the two handles in eax. */
struct arguments {
	u32 ebx, esi, edi, ebp;
};

static __always_inline struct result call_by_number(u32 number, u32 h1, u32 h2, struct arguments in)
{
	return kernel_call((struct result){
		number | h1 << 8 | h2 << (8 + HANDLE_BITS), in.ebx, in.esi, in.edi, in.ebp });
}

/* Sends a message and waits for the reply; a time-out of 0 is EINVAL. */
static __always_inline struct result ipc_call(
	u32 endpoint, u32 tag, u32 word0, u32 word1, u32 timeout)
{
	return call_by_number(CALL_ipc_call, endpoint, 0,
		(struct arguments){ .esi = tag, .edi = word0, .ebp = word1, .ebx = timeout });
}

/* Answers a call, then receives; without an endpoint it only answers. */
static __always_inline struct result ipc_reply_recv(
	u32 reply, u32 endpoint, u32 tag, u32 word0, u32 word1, u32 timeout)
{
	return call_by_number(CALL_ipc_reply_recv, reply, endpoint,
		(struct arguments){ .esi = tag, .edi = word0, .ebp = word1, .ebx = timeout });
}

/* Sends a message that nobody answers. */
static __always_inline struct result ipc_send(
	u32 endpoint, u32 tag, u32 word0, u32 word1, u32 timeout)
{
	return call_by_number(CALL_ipc_send, endpoint, 0,
		(struct arguments){ .esi = tag, .edi = word0, .ebp = word1, .ebx = timeout });
}

/* Receives a message, or the bits of the notification bound to the thread. */
static __always_inline struct result ipc_recv(u32 endpoint, u32 slot, u32 timeout)
{
	return call_by_number(CALL_ipc_recv, endpoint, slot, (struct arguments){ .ebx = timeout });
}

/* Raises bits; a badge other than 0 masks them. */
static __always_inline struct result notify(u32 notification, u32 bits)
{
	return call_by_number(CALL_notify, notification, 0, (struct arguments){ .edi = bits });
}

/* Waits for bits of the mask, takes them and returns them. */
static __always_inline struct result notify_wait(u32 notification, u32 mask, u32 timeout)
{
	return call_by_number(CALL_notify_wait, notification, 0,
		(struct arguments){ .edi = mask, .ebx = timeout });
}

/* Makes a task, an endpoint or a notification. */
static __always_inline struct result obj_create(
	u32 system, u32 slot, u32 kind, u32 limit, u32 handles, u32 slots)
{
	return call_by_number(CALL_obj_create, system, slot,
		(struct arguments){ .esi = kind, .edi = limit, .ebp = handles, .ebx = slots });
}

/* Copies a handle, with fewer rights; a reply handle is moved. */
static __always_inline struct result handle_copy(
	u32 task, u32 slot, u32 source, u32 rights, u32 badge)
{
	return call_by_number(CALL_handle_copy, task, slot,
		(struct arguments){ .edi = source, .esi = rights, .ebp = badge });
}

/* Empties a slot; DESTROY ends the object too. */
static __always_inline struct result handle_drop(u32 handle, u32 flags)
{
	return call_by_number(CALL_handle_drop, handle, 0, (struct arguments){ .esi = flags });
}

/* Makes a thread, which waits for START. */
static __always_inline struct result thread_create(
	u32 task, u32 slot, u32 entry, u32 stack, u32 message, u32 word)
{
	return call_by_number(CALL_thread_create, task, slot,
		(struct arguments){ .edi = entry, .ebp = stack, .esi = message, .ebx = word });
}

/* Starts, stops, moves a thread, or reads and sets its registers. */
static __always_inline struct result thread_ctl(
	u32 thread, u32 other, u32 what, u32 word0, u32 word1)
{
	return call_by_number(CALL_thread_ctl, thread, other,
		(struct arguments){ .esi = what, .edi = word0, .ebp = word1 });
}

/* Maps new, zeroed pages; with PHYS a device's, else system and frame are 0. */
static __always_inline struct result mem_alloc(
	u32 task, u32 system, u32 place, u32 pages, u32 frame)
{
	return call_by_number(CALL_mem_alloc, task, system,
		(struct arguments){ .edi = place, .esi = pages, .ebp = frame });
}

/* Maps, moves, copies, shares or protects pages. */
static __always_inline struct result mem_map(u32 to, u32 from, u32 place, u32 source, u32 pages)
{
	return call_by_number(CALL_mem_map, to, from,
		(struct arguments){ .edi = place, .ebp = source, .esi = pages });
}

/* Removes mappings; REVOKE removes them everywhere. */
static __always_inline struct result mem_unmap(u32 task, u32 place, u32 pages)
{
	return call_by_number(
		CALL_mem_unmap, task, 0, (struct arguments){ .edi = place, .esi = pages });
}

/* Attaches a device's interrupt to a notification, detaches, acknowledges. */
static __always_inline struct result irq_ctl(
	u32 system, u32 notification, u32 what, u32 irq, u32 bit)
{
	return call_by_number(CALL_irq_ctl, system, notification,
		(struct arguments){ .esi = what, .edi = irq, .ebp = bit });
}

/* Lets a task use I/O ports. */
static __always_inline struct result io_grant(u32 system, u32 task, u32 port, u32 count)
{
	return call_by_number(
		CALL_io_grant, system, task, (struct arguments){ .edi = port, .esi = count });
}

/* Sets the notification's timer, in microseconds since boot; 0 stops it. */
static __always_inline struct result timer_set(u32 notification, u32 bit, u32 low, u32 high)
{
	return call_by_number(CALL_timer_set, notification, 0,
		(struct arguments){ .esi = bit, .edi = low, .ebp = high });
}

/* Reads what the kernel knows of itself, a task, its maps, a thread. */
static __always_inline struct result sys_info(
	u32 object, u32 what, u32 from, u32 buffer, u32 length)
{
	return call_by_number(CALL_sys_info, object, 0,
		(struct arguments){ .esi = what, .edi = from, .ebp = buffer, .ebx = length });
}

/* Prints, ends the machine, reads the clock. */
static __always_inline struct result sys_ctl(u32 system, u32 what, u32 word0, u32 word1)
{
	return call_by_number(CALL_sys_ctl, system, 0,
		(struct arguments){ .esi = what, .edi = word0, .ebp = word1 });
}

#endif
