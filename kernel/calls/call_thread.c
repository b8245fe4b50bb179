/* The calls that make and control threads. */
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/smp/cpumask.h"
#include "kernel/calls/call.h"
#include "kernel/calls/range.h"
#include "kernel/ipc/message.h"
#include "kernel/objects/notification.h"
#include "kernel/objects/thread_state.h"

/* ---- thread_create ---- */

static u32 create_in(struct user_thread *self, const struct call *call, struct task *task)
{
	struct new_thread wanted = {
		.task = task,
		.entry = call->edi,
		.stack = call->ebp,
		.word = call->ebx,
		.message_at = call->esi & PAGE_MASK,
		.priority = call->esi & PRIO_MASK,
		.cpu = (call->esi >> PRIO_BITS) & PRIO_MASK,
	};
	struct user_thread *thread;
	struct handle *handle;
	u32 error, flags;

	if (!(cpus_online() & (1u << wanted.cpu)))
		return EINVAL;
	if (wanted.priority > task->max_priority)
		return EPERM;
	if (!call_slot_is_free(self, call->h2))
		return ENOSLOT;
	error = user_thread_create(&wanted, &thread);
	if (error)
		return error;
	flags = objects_lock_irq();
	handle = handle_free_slot(&self->task->handles, call->h2);
	if (handle)
		handle_set(handle, &thread->object, RIGHTS_ALL, 0);
	else
		thread_kill(thread);
	object_release(&thread->object);
	objects_unlock_irq(flags);
	return handle ? 0 : ENOSLOT;
}

u32 call_thread_create(struct user_thread *self, struct trapframe *frame)
{
	struct call call = call_begin(frame);
	u32 error = 0;
	struct task *task;

	if ((call.esi & ~PAGE_MASK) >> (2 * PRIO_BITS) || !range_is_valid(call.esi & PAGE_MASK, 1))
		return EINVAL;
	task = call_task(self, call.h1, RIGHT_MANAGE, &error);
	if (!task)
		return error;
	error = create_in(self, &call, task);
	call_task_done(self, task);
	return error;
}

/* ---- thread_ctl ---- */

static void read_registers(const struct user_thread *thread, struct registers *to)
{
	const struct trapframe *frame = user_frame(thread);

	*to = (struct registers){ frame->edi, frame->esi, frame->ebp, frame->ebx, frame->edx,
		frame->ecx, frame->eax, frame->eip, frame->user_esp, frame->eflags };
}

/* Flags that a thread may have set for it: CF PF AF ZF SF DF OF TF AC. */
#define FLAGS_SETTABLE 0x40DD5u
_Static_assert(FLAGS_SETTABLE == (1u << 0 | 1u << 2 | 1u << 4 | 1u << 6 | 1u << 7 | EFLAGS_TF |
					 EFLAGS_DF | 1u << 11 | EFLAGS_AC),
	"the flags of user mode");

static void write_registers(struct user_thread *thread, const struct registers *from)
{
	struct trapframe *frame = user_frame(thread);

	frame->edi = from->edi;
	frame->esi = from->esi;
	frame->ebp = from->ebp;
	frame->ebx = from->ebx;
	frame->edx = from->edx;
	frame->ecx = from->ecx;
	frame->eax = from->eax;
	frame->eip = from->eip;
	frame->user_esp = from->esp;
	frame->eflags = (from->eflags & FLAGS_SETTABLE) | EFLAGS_USER;
	/* The way out of a call would take eip and esp, but not ecx and edx. */
	frame->vector = VECTOR_FULL_RETURN;
}

/*
 * The thread in a call that a slot names: by a reply handle to it, or by one to the thread with
 * manage.  NULL with *error.  objects_lock held.
 */
static struct user_thread *find_in_call(struct user_thread *self, u32 slot, u32 *error)
{
	struct handle *handle = handle_at(&self->task->handles, slot);
	struct user_thread *caller;

	if (handle && (handle->rights & (RIGHT_REPLY | RIGHT_RESERVED)) == RIGHT_REPLY) {
		caller = reply_caller(handle);
		*error = caller ? 0 : EDEAD;
		return caller;
	}
	handle = handle_find(&self->task->handles, slot, KIND_THREAD, RIGHT_MANAGE, error);
	return handle ? user_thread_of(handle->object) : NULL;
}

/* Of who waits for the answer to a call or fault: a pager, say, finds where it came from. */
static u32 registers_of_caller(struct user_thread *self, u32 slot)
{
	struct registers values;
	u32 flags = objects_lock_irq(), error = 0;
	const struct user_thread *caller = find_in_call(self, slot, &error);

	if (caller && caller->state == IN_REPLY)
		read_registers(caller, &values);
	else if (caller)
		error = EBUSY;
	objects_unlock_irq(flags);
	if (!error)
		*(struct registers *)self->message = values;
	return error;
}

static u32 registers(struct user_thread *self, struct user_thread *thread, bool set)
{
	struct registers *page = (struct registers *)self->message, values = *page;
	u32 flags = objects_lock_irq(), error = 0;

	/* One that has ended since its handle was found has no stack, and so no registers. */
	if (thread->object.dead)
		error = EDEAD;
	else if (!user_thread_stands_still(thread))
		error = EBUSY;
	else if (set)
		write_registers(thread, &values);
	else
		read_registers(thread, &values);
	objects_unlock_irq(flags);
	if (!error && !set)
		*page = values;
	return error;
}

/*
 * The new thread returns from the call in which the other one is: the two are copies of each other
 * (fork).  Lock held.
 */
static u32 copy_from(
	struct user_thread *thread, const struct user_thread *other, const struct call *call)
{
	struct trapframe *frame = user_frame(thread);

	if (thread->started || (other->state != IN_SEND && other->state != IN_REPLY) ||
		other->faults)
		return EBUSY;
	*frame = *user_frame(other);
	message_none(frame);
	frame->eax = 0;
	frame->edi = call->edi;
	frame->ebp = call->ebp;
	return 0;
}

static u32 start(struct user_thread *self, struct user_thread *thread, const struct call *call)
{
	const struct user_thread *other;
	u32 flags = objects_lock_irq(), error = 0;

	other = call->h2 ? find_in_call(self, call->h2, &error) : NULL;
	if (!error && thread->object.dead)
		error = EDEAD;
	else if (other)
		error = copy_from(thread, other, call);
	if (!error)
		user_thread_start(thread);
	objects_unlock_irq(flags);
	return error;
}

static u32 bind(struct user_thread *self, struct user_thread *thread, u32 slot)
{
	struct object *notification = NULL;
	u32 flags, error = 0;

	if (slot) {
		notification = call_object(self, slot, KIND_NOTIFICATION, RIGHT_RECEIVE, &error);
		if (!notification)
			return error;
	}
	flags = objects_lock_irq();
	order_effect(NULL);
	/*
	 * One that has ended would never be unbound, and leave a pointer to itself; nor would a
	 * notification that has.
	 */
	if (thread->object.dead || (notification && notification->dead))
		error = EDEAD;
	else if (notification)
		error = notification_bind(notification_of(notification), thread);
	else if (thread->bound)
		notification_unbind(thread);
	objects_unlock_irq(flags);
	object_let_go(notification);
	objects_reap();
	return error;
}

static u32 set_priority(struct user_thread *thread, u32 priority)
{
	u32 flags;

	if (priority >= PRIORITIES)
		return EINVAL;
	if (priority > thread->task->max_priority)
		return EPERM;
	flags = objects_lock_irq();
	thread->base_priority = priority;
	sched_set_priority(&thread->thread, priority);
	objects_unlock_irq(flags);
	return 0;
}

static u32 set_cpu(struct user_thread *thread, u32 cpu)
{
	u32 flags;

	if (cpu >= NR_CPUS || !(cpus_online() & (1u << cpu)))
		return EINVAL;
	flags = objects_lock_irq();
	sched_move(&thread->thread, cpu);
	objects_unlock_irq(flags);
	return 0;
}

static u32 control(struct user_thread *self, struct user_thread *thread, const struct call *call)
{
	switch (call->esi) {
	case THREAD_START: return start(self, thread, call);
	case THREAD_STOP: user_thread_stop(thread); return 0;
	case THREAD_PRIO: return set_priority(thread, call->edi);
	case THREAD_CPU: return set_cpu(thread, call->edi);
	case THREAD_GETREGS: return registers(self, thread, false);
	case THREAD_SETREGS: return registers(self, thread, true);
	case THREAD_BIND: return bind(self, thread, call->h2);
	default: return EINVAL;
	}
}

/* True if the call uses no argument that its operation does not have. */
static bool control_arguments_are_valid(const struct call *call)
{
	bool other = call->esi == THREAD_START || call->esi == THREAD_BIND ||
		     (call->esi == THREAD_GETREGS && !call->h1);
	bool word = call->esi == THREAD_PRIO || call->esi == THREAD_CPU ||
		    (call->esi == THREAD_START && call->h2);

	return call->esi < THREAD_OPS && (other || !call->h2) && (word || !call->edi) &&
	       (!call->ebp || (call->esi == THREAD_START && call->h2));
}

u32 call_thread_ctl(struct user_thread *self, struct trapframe *frame)
{
	struct call call = call_begin(frame);
	u32 error = 0;
	struct object *thread;

	if (!control_arguments_are_valid(&call))
		return EINVAL;
	if (call.esi == THREAD_YIELD) {
		if (call.h1)
			return EINVAL;
		yield();
		return 0;
	}
	if (call.esi == THREAD_GETREGS && call.h2)
		return registers_of_caller(self, call.h2);
	thread = call.h1 ? call_object(self, call.h1, KIND_THREAD, RIGHT_MANAGE, &error)
			 : call_hold(&self->object);
	if (!thread)
		return error;
	error = control(self, user_thread_of(thread), &call);
	object_let_go(thread);
	return error;
}
