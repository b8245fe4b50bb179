/* What a thread does in a call: see thread_state.h. */
#include "kernel/objects/thread_state.h"

#include "arch/x86/cpu/irq_flags.h"
#include "kernel/objects/notification.h"
#include "kernel/objects/task.h"

static __cold void time_out(struct timeout *timeout)
{
	struct user_thread *thread = container_of(timeout, struct user_thread, timeout);

	if (thread->state == IN_ACTIVE || thread->state == IN_PASSIVE)
		thread->timed_out = true;
	else {
		order_thread(ORDER_TIMEOUT, thread);
		thread_leave_call(thread, ETIMEDOUT);
	}
}

void thread_state_init(struct user_thread *thread)
{
	timeout_init(&thread->timeout, time_out);
	list_init(&thread->queue);
}

void thread_waits(
	struct user_thread *thread, enum call_state state, struct object *object, u32 timeout)
{
	thread->state = state;
	thread->waits_for = object;
	if (object)
		object_hold(object);
	if (timeout != TIMEOUT_NEVER)
		timeout_start(&thread->timeout, timeout);
}

void thread_unlink(struct user_thread *thread)
{
	timeout_stop(&thread->timeout);
	if (thread->state == IN_NOTE)
		notification_waiter_leaves(notification_of(thread->waits_for), &thread->queue);
	list_remove(&thread->queue);
	if (thread->waits_for)
		object_release(thread->waits_for);
	thread->waits_for = NULL;
	thread->timed_out = false;
	thread->state = IN_RUN;
}

void thread_wake(struct user_thread *thread, u32 result)
{
	thread_unlink(thread);
	thread->result = result;
	sched_wake(&thread->thread, NULL);
}

void thread_wake_with_note(struct user_thread *thread, u32 bits)
{
	user_frame(thread)->esi = TAG(0, 1, 0) | TAG_NOTE;
	user_frame(thread)->edi = bits;
	thread_wake(thread, 0);
}

__cold void thread_leave_call(struct user_thread *thread, u32 result)
{
	if (thread->state == IN_REPLY)
		thread->call_number++;
	thread_wake(thread, result);
}

void thread_waits_in_vain(struct user_thread *thread)
{
	order_thread(ORDER_WAKE, thread);
	thread_leave_call(thread, EDEAD);
}

u32 thread_block(struct user_thread *self, struct user_thread *next)
{
	/* A transfer to it is under way: its end looks at `dying`. */
	if (likely(!self->dying || self->state == IN_PASSIVE)) {
		sched_block(&objects_lock, next ? &next->thread : NULL);
		return self->result;
	}
	thread_leave_call(self, EDEAD);
	if (next)
		sched_wake(&next->thread, NULL);
	objects_unlock_call();
	irq_enable();
	return EDEAD;
}

__cold void thread_reply_went(struct object *object, u64 number)
{
	struct user_thread *thread = user_thread_of(object);

	if (thread->state == IN_REPLY && thread->call_number == number)
		thread_leave_call(thread, EDEAD);
}

/* Who ends a thread shall not wait for others of lower priority than its own. */
static __cold void raise_to_killer(struct user_thread *thread)
{
	u32 priority = current_thread()->priority;

	if (priority <= thread->base_priority)
		return;
	thread->base_priority = priority;
	if (priority > thread->thread.priority)
		sched_set_priority(&thread->thread, priority);
}

__cold void thread_kill(struct user_thread *thread)
{
	if (thread->dying)
		return;
	thread->dying = true;
	thread->stopped = false;
	raise_to_killer(thread);
	sched_give_work(&thread->thread, WORK_KILL);
	list_remove(&thread->in_task);
	list_append(&thread->task->threads, &thread->in_task);
	switch (thread->state) {
	case IN_RUN: /* also one that was never started, or is stopped */
		sched_wake(&thread->thread, NULL);
		break;
	case IN_ACTIVE: /* the transfer looks at `dying` at the next page */
	case IN_PASSIVE: break;
	default: thread_leave_call(thread, EDEAD);
	}
}
