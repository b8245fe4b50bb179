/* One function for each call: see calls.h. */
#include "user/lib/calls.h"

#include "user/lib/kernel_call.h"

_Static_assert(CALL_NUMBERS == 20, "a call of the table has no function here");

/* The registers that carry arguments, beside the two handles in eax. */
struct arguments {
	u32 ebx, esi, edi, ebp;
};

static __always_inline struct result call(u32 number, u32 h1, u32 h2, struct arguments in)
{
	return kernel_call((struct result){
		number | h1 << 8 | h2 << (8 + HANDLE_BITS), in.ebx, in.esi, in.edi, in.ebp });
}

struct result ipc_call(u32 endpoint, u32 tag, u32 word0, u32 word1, u32 timeout)
{
	return call(CALL_ipc_call, endpoint, 0,
		(struct arguments){ .esi = tag, .edi = word0, .ebp = word1, .ebx = timeout });
}

struct result ipc_reply_recv(u32 reply, u32 endpoint, u32 tag, u32 word0, u32 word1, u32 timeout)
{
	return call(CALL_ipc_reply_recv, reply, endpoint,
		(struct arguments){ .esi = tag, .edi = word0, .ebp = word1, .ebx = timeout });
}

struct result ipc_send(u32 endpoint, u32 tag, u32 word0, u32 word1, u32 timeout)
{
	return call(CALL_ipc_send, endpoint, 0,
		(struct arguments){ .esi = tag, .edi = word0, .ebp = word1, .ebx = timeout });
}

struct result ipc_recv(u32 endpoint, u32 slot, u32 timeout)
{
	return call(CALL_ipc_recv, endpoint, slot, (struct arguments){ .ebx = timeout });
}

struct result notify(u32 notification, u32 bits)
{
	return call(CALL_notify, notification, 0, (struct arguments){ .edi = bits });
}

struct result notify_wait(u32 notification, u32 mask, u32 timeout)
{
	return call(CALL_notify_wait, notification, 0,
		(struct arguments){ .edi = mask, .ebx = timeout });
}

struct result obj_create(u32 system, u32 slot, u32 kind, u32 limit, u32 handles, u32 slots)
{
	return call(CALL_obj_create, system, slot,
		(struct arguments){ .esi = kind, .edi = limit, .ebp = handles, .ebx = slots });
}

struct result handle_copy(u32 task, u32 slot, u32 source, u32 rights, u32 badge)
{
	return call(CALL_handle_copy, task, slot,
		(struct arguments){ .edi = source, .esi = rights, .ebp = badge });
}

struct result handle_drop(u32 handle, u32 flags)
{
	return call(CALL_handle_drop, handle, 0, (struct arguments){ .esi = flags });
}

struct result thread_create(u32 task, u32 slot, u32 entry, u32 stack, u32 message, u32 word)
{
	return call(CALL_thread_create, task, slot,
		(struct arguments){ .edi = entry, .ebp = stack, .esi = message, .ebx = word });
}

struct result thread_ctl(u32 thread, u32 other, u32 what, u32 word0, u32 word1)
{
	return call(CALL_thread_ctl, thread, other,
		(struct arguments){ .esi = what, .edi = word0, .ebp = word1 });
}

struct result mem_alloc(u32 task, u32 system, u32 place, u32 pages, u32 frame)
{
	return call(CALL_mem_alloc, task, system,
		(struct arguments){ .edi = place, .esi = pages, .ebp = frame });
}

struct result mem_map(u32 to, u32 from, u32 place, u32 source, u32 pages)
{
	return call(CALL_mem_map, to, from,
		(struct arguments){ .edi = place, .ebp = source, .esi = pages });
}

struct result mem_unmap(u32 task, u32 place, u32 pages)
{
	return call(CALL_mem_unmap, task, 0, (struct arguments){ .edi = place, .esi = pages });
}

struct result irq_ctl(u32 system, u32 notification, u32 what, u32 irq, u32 bit)
{
	return call(CALL_irq_ctl, system, notification,
		(struct arguments){ .esi = what, .edi = irq, .ebp = bit });
}

struct result io_grant(u32 system, u32 task, u32 port, u32 count)
{
	return call(CALL_io_grant, system, task, (struct arguments){ .edi = port, .esi = count });
}

struct result timer_set(u32 notification, u32 bit, u32 low, u32 high)
{
	return call(CALL_timer_set, notification, 0,
		(struct arguments){ .esi = bit, .edi = low, .ebp = high });
}

struct result sys_info(u32 object, u32 what, u32 from, u32 buffer, u32 length)
{
	return call(CALL_sys_info, object, 0,
		(struct arguments){ .esi = what, .edi = from, .ebp = buffer, .ebx = length });
}

struct result sys_ctl(u32 system, u32 what, u32 word0, u32 word1)
{
	return call(CALL_sys_ctl, system, 0,
		(struct arguments){ .esi = what, .edi = word0, .ebp = word1 });
}
