/* The calls that reach devices and the machine: irq_ctl, io_grant, timer_set, sys_ctl. */
#include "arch/x86/console/console.h"
#include "arch/x86/console/exit.h"
#include "arch/x86/cpu/user_copy.h"
#include "arch/x86/cpu/user_mode.h"
#include "arch/x86/hooks/lock_order.h"
#include "arch/x86/paging/tlb.h"
#include "arch/x86/smp/smp_call.h"
#include "kernel/calls/call.h"
#include "kernel/ipc/fault.h"
#include "kernel/objects/irq.h"
#include "kernel/objects/notification.h"
#include "kernel/objects/system.h"
#include "lib/string.h"
#include "mm/objects/objcache.h"
#include "mm/pages/page_alloc.h"
#include "mm/wait.h"

static u32 need_system(struct user_thread *self, u32 slot, u32 rights)
{
	u32 error = 0;

	object_let_go(call_object(self, slot, KIND_SYSTEM, rights, &error));
	return error;
}

/* ---- irq_ctl ---- */

static u32 irq_do(
	struct user_thread *self, const struct call *call, struct notification *notification)
{
	u32 error = call->esi == IRQ_ACK ? 0 : need_system(self, call->h1, RIGHT_MANAGE);

	if (error)
		return error;
	switch (call->esi) {
	case IRQ_ATTACH: return irq_attach(call->edi, notification, call->ebp);
	case IRQ_DETACH: return irq_detach(call->edi, notification);
	default: return irq_acknowledge(call->edi, notification);
	}
}

u32 call_irq_ctl(struct user_thread *self, struct trapframe *frame)
{
	struct call call = call_begin(frame);
	struct object *notification;
	u32 error = 0;

	if (call.esi > IRQ_ACK || call.edi >= IRQS || call.ebp >= 32 ||
		(call.esi != IRQ_ATTACH && call.ebp) || (call.esi == IRQ_ACK && call.h1))
		return EINVAL;
	notification = call_object(self, call.h2, KIND_NOTIFICATION, RIGHT_RECEIVE, &error);
	if (!notification)
		return error;
	error = irq_do(self, &call, notification_of(notification));
	object_let_go(notification);
	return error;
}

/* ---- io_grant ---- */

/* Of the CPUs that run the task: the map has changed, or is there now. */
static void load_io_map(void *arg)
{
	const struct task *task = arg;
	const struct thread *running = current_thread();

	if (running->mm == task->mm)
		user_mode_set_io(task->io);
}

static u32 make_io_map(struct task *task)
{
	u8 *io;

	if (!account_charge(&task->account, IO_MAP_BYTES))
		return EQUOTA;
	io = kmalloc(IO_MAP_BYTES, GFP_KERNEL);
	if (!io) {
		account_return(&task->account, IO_MAP_BYTES);
		return ENOMEM;
	}
	memset(io, 0xFF, IO_MAP_BYTES);
	if (!task_set_io(task, io)) { /* another thread was faster */
		kfree(io);
		account_return(&task->account, IO_MAP_BYTES);
	}
	return 0;
}

static void open_ports(struct task *task, u32 port, u32 n)
{
	u32 flags = objects_lock_irq();
	bool had = task_has_port(task, CONSOLE_PORT);

	for (; n; n--, port++)
		task->io[port / 8] &= (u8) ~(1u << (port % 8));
	if (!had && task_has_port(task, CONSOLE_PORT))
		console_hand_over();
	objects_unlock_irq(flags);
	smp_call(tlb_users(&task->mm->tlb), load_io_map, task);
}

u32 call_io_grant(struct user_thread *self, struct trapframe *frame)
{
	struct call call = call_begin(frame);
	u32 error = need_system(self, call.h1, RIGHT_MANAGE);
	struct task *task;

	if (error)
		return error;
	if (call.edi >= IO_PORTS || !call.esi || call.esi > IO_PORTS - call.edi)
		return EINVAL;
	task = call_task(self, call.h2, RIGHT_MANAGE, &error);
	if (!task)
		return error;
	if (!task->io)
		error = make_io_map(task);
	if (!error)
		open_ports(task, call.edi, call.esi);
	call_task_done(self, task);
	return error;
}

/* ---- timer_set ---- */

u32 call_timer_set(struct user_thread *self, struct trapframe *frame)
{
	struct call call = call_begin(frame);
	u64 when = (u64)call.ebp << 32 | call.edi;
	struct notification *notification;
	struct object *object;
	u32 error = 0, flags;

	if (call.esi >= 32)
		return EINVAL;
	object = call_object(self, call.h1, KIND_NOTIFICATION, RIGHT_RECEIVE, &error);
	if (!object)
		return error;
	notification = notification_of(object);
	flags = objects_lock_irq();
	order_effect(NULL);
	notification->timer_bit = call.esi;
	if (object->dead)
		error = EDEAD;
	else if (when)
		timeout_start_at(&notification->timer, when);
	else
		timeout_stop(&notification->timer);
	objects_unlock_irq(flags);
	object_let_go(object);
	return error;
}

/* ---- sys_ctl ---- */

/* As far as the first line end: it moves the whole screen, with interrupts off. */
static u32 line_length(const char *text, u32 n)
{
	u32 length = 1;

	while (length < n && text[length - 1] != '\n')
		length++;
	return length;
}

static void write_lines(const char *text, u32 n)
{
	for (u32 length; n; text += length, n -= length) {
		length = line_length(text, n);
		console_write(text, length);
		if (text[length - 1] == '\n')
			cond_resched();
	}
}

static u32 print(struct user_thread *self, u32 address, u32 length)
{
	char text[128];

	if (length > PRINT_MAX)
		return EINVAL;
	copy_begins(self);
	for (u32 n; length; address += n, length -= n) {
		n = MIN(length, (u32)sizeof(text));
		if (!copy_from_user(text, (const void *)(uintptr_t)address, n))
			return EFAULT;
		write_lines(text, n);
	}
	return 0;
}

u32 call_sys_ctl(struct user_thread *self, struct trapframe *frame)
{
	struct call call = call_begin(frame);
	u64 now;
	u32 error;

	if (call.esi > SYS_CLOCK || (call.esi != SYS_EXIT && call.h1))
		return EINVAL;
	if (call.esi == SYS_PRINT)
		return print(self, call.edi, call.ebp);
	if (call.esi == SYS_CLOCK) {
		if (call.edi || call.ebp)
			return EINVAL;
		now = time_since_boot();
		frame->edi = (u32)now;
		frame->ebp = (u32)(now >> 32);
		return 0;
	}
	error = need_system(self, call.h1, RIGHT_MANAGE);
	if (error)
		return error;
	lock_order_report();
	machine_exit_with(call.edi);
}
