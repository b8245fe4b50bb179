/*
 * The system calls: the one table.  Kernel dispatch, user stubs, the reference page
 * (docs/calls.md), GDB and the tests' checks are made from it.
 *
 *   CALL(number, name, arguments, errors, text)
 *
 * Arguments stand in the order of the user stub's parameters, each as PLACE:NAME:WHAT, with blanks
 * between them.  PLACE is a register (esi, edi, ebp, ebx) or one of the two handles in eax (h1,
 * h2).  WHAT is the kind of a handle (endpoint+send: kind and right; slot: an empty place in the
 * table), or how a number is read.  `errors` are those beyond the common ones, which every call may
 * return: EBADH, EPERM, EINVAL, EDEAD.
 */
#define CALL_TABLE(CALL)                                                                           \
	CALL(1, ipc_call,                                                                          \
		"h1:endpoint:endpoint+send esi:tag:tag edi:word0:word ebp:word1:word "             \
		"ebx:timeout:timeout",                                                             \
		"ETIMEDOUT EFAULT EMSGSIZE ENOMEM EQUOTA",                                         \
		"Sends a message and waits for the reply; a time-out of 0 is EINVAL.")             \
	CALL(2, ipc_reply_recv,                                                                    \
		"h1:reply:reply h2:endpoint:endpoint+receive|none esi:tag:tag edi:word0:word "     \
		"ebp:word1:word ebx:timeout:timeout",                                              \
		"EFAULT EMSGSIZE ENOSLOT ENOMEM EQUOTA EAGAIN ETIMEDOUT",                          \
		"Answers a call, then receives; without an endpoint it only answers.")             \
	CALL(3, ipc_send,                                                                          \
		"h1:endpoint:endpoint+send esi:tag:tag edi:word0:word ebp:word1:word "             \
		"ebx:timeout:timeout",                                                             \
		"EAGAIN ETIMEDOUT EFAULT EMSGSIZE ENOMEM EQUOTA",                                  \
		"Sends a message that nobody answers.")                                            \
	CALL(4, ipc_recv, "h1:endpoint:endpoint+receive h2:slot:slot|none ebx:timeout:timeout",    \
		"EAGAIN ETIMEDOUT EFAULT ENOSLOT",                                                 \
		"Receives a message, or the bits of the notification bound to the thread.")        \
	CALL(5, notify, "h1:notification:notification+send edi:bits:bits", "",                     \
		"Raises bits; a badge other than 0 masks them.")                                   \
	CALL(6, notify_wait,                                                                       \
		"h1:notification:notification+receive edi:mask:bits ebx:timeout:timeout",          \
		"EAGAIN ETIMEDOUT", "Waits for bits of the mask, takes them and returns them.")    \
	CALL(7, obj_create,                                                                        \
		"h1:system:system+send|none h2:slot:slot esi:kind:kind edi:limit:bytes "           \
		"ebp:handles:handles ebx:slots:count",                                             \
		"ENOMEM EQUOTA ENOSLOT", "Makes a task, an endpoint or a notification.")           \
	CALL(8, handle_copy,                                                                       \
		"h1:task:task+manage|none h2:slot:slot edi:source:handle esi:rights:rights "       \
		"ebp:badge:word",                                                                  \
		"ENOSLOT", "Copies a handle, with fewer rights; a reply handle is moved.")         \
	CALL(9, handle_drop, "h1:handle:any esi:flags:drop_flags", "",                             \
		"Empties a slot; DESTROY ends the object too.")                                    \
	CALL(10, thread_create,                                                                    \
		"h1:task:task+manage|none h2:slot:slot edi:entry:address ebp:stack:address "       \
		"esi:message:message_page ebx:word:word",                                          \
		"ENOMEM EQUOTA EEXIST ENOSLOT", "Makes a thread, which waits for START.")          \
	CALL(11, thread_ctl,                                                                       \
		"h1:thread:thread+manage|none h2:other:handle|none esi:what:control_op "           \
		"edi:word0:word ebp:word1:word",                                                   \
		"EBUSY", "Starts, stops, moves a thread, or reads and sets its registers.")        \
	CALL(12, mem_alloc,                                                                        \
		"h1:task:task+manage|none h2:system:system+manage|none edi:place:address_prot "    \
		"esi:pages:pages ebp:frame:frame",                                                 \
		"ENOMEM EQUOTA EEXIST",                                                            \
		"Maps new, zeroed pages; with PHYS a device's, else system and frame are 0.")      \
	CALL(13, mem_map,                                                                          \
		"h1:to:task+manage|none h2:from:task+manage|none edi:place:address_prot "          \
		"ebp:source:address_map esi:pages:pages",                                          \
		"EFAULT EEXIST ENOMEM EQUOTA", "Maps, moves, copies, shares or protects pages.")   \
	CALL(14, mem_unmap, "h1:task:task+manage|none edi:place:address_unmap esi:pages:pages",    \
		"", "Removes mappings; REVOKE removes them everywhere.")                           \
	CALL(15, irq_ctl,                                                                          \
		"h1:system:system+manage|none h2:notification:notification+receive "               \
		"esi:what:irq_op edi:irq:irq ebp:bit:bit",                                         \
		"EBUSY",                                                                           \
		"Attaches a device's interrupt to a notification, detaches, acknowledges.")        \
	CALL(16, io_grant,                                                                         \
		"h1:system:system+manage h2:task:task+manage|none edi:port:port esi:count:count",  \
		"ENOMEM EQUOTA", "Lets a task use I/O ports.")                                     \
	CALL(17, timer_set,                                                                        \
		"h1:notification:notification+receive esi:bit:bit edi:low:word ebp:high:word", "", \
		"Sets the notification's timer, in microseconds since boot; 0 stops it.")          \
	CALL(18, sys_info,                                                                         \
		"h1:object:any|none esi:what:info edi:from:word ebp:buffer:address "               \
		"ebx:length:bytes",                                                                \
		"EFAULT", "Reads what the kernel knows of itself, a task, its maps, a thread.")    \
	CALL(19, sys_ctl,                                                                          \
		"h1:system:system+manage|none esi:what:sys_op edi:word0:word ebp:word1:word",      \
		"EFAULT", "Prints, ends the machine, reads the clock.")

#ifndef LIB_ABI_CALLS_H
#define LIB_ABI_CALLS_H

#define CALL_ENUM(number, name, arguments, errors, text) CALL_##name = (number),
enum call_number { CALL_TABLE(CALL_ENUM) CALL_NUMBERS };
#undef CALL_ENUM

#endif
