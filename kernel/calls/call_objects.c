/* The calls that make, copy and drop handles and objects. */
#include "kernel/calls/call.h"
#include "kernel/ipc/endpoint.h"
#include "kernel/objects/notification.h"
#include "kernel/objects/system.h"

/*
 * A new object's handle, with all rights, into the caller's slot; the caller's hold goes.  ENOSLOT.
 */
static u32 hand_over(struct user_thread *self, u32 slot, struct object *object, bool owned)
{
	u32 flags = objects_lock_irq(), error = 0;
	struct handle *handle = handle_free_slot(&self->task->handles, slot);

	if (handle)
		handle_set(handle, object, RIGHTS_ALL, 0);
	else
		error = ENOSLOT;
	order_effect(object);
	if (handle && owned)
		task_owns(self->task, object);
	object_release(object);
	objects_unlock_irq(flags);
	objects_reap();
	return error;
}

static u32 create_endpoint(struct user_thread *self, u32 slot)
{
	u32 error = 0;
	struct endpoint *endpoint = endpoint_create(self->task, &error);

	if (!endpoint)
		return error;
	call_hold(&endpoint->object);
	endpoint->object.charged = self->task;
	return hand_over(self, slot, &endpoint->object, true);
}

static u32 create_notification(struct user_thread *self, u32 slot)
{
	u32 error = 0;
	struct notification *notification = notification_create(self->task, &error);

	if (!notification)
		return error;
	call_hold(&notification->object);
	notification->object.charged = self->task;
	return hand_over(self, slot, &notification->object, true);
}

/* ---- Tasks ---- */

#define SLOTS_MIN HANDLES_A_PAGE

static bool task_arguments_are_valid(const struct call *call)
{
	u32 priority = (call->esi >> 8) & 0xFFu, bit = call->esi >> 16;

	return priority < PRIORITIES && bit < 32 && !(call->ebp >> 24) && call->ebx >= SLOTS_MIN &&
	       call->ebx <= HANDLES_MAX && call->ebx % HANDLES_A_PAGE == 0;
}

/* The two objects that the new task leads to; each may be left out.  Held. */
static u32 find_companions(
	struct user_thread *self, const struct call *call, struct new_task *wanted)
{
	u32 pager = call->ebp & HANDLE_MASK, on_end = (call->ebp >> 12) & HANDLE_MASK, error = 0;

	if (pager) {
		u32 flags = objects_lock_irq();
		const struct handle *handle =
			handle_find(&self->task->handles, pager, KIND_ENDPOINT, RIGHT_SEND, &error);

		if (handle) {
			wanted->pager = handle->object;
			wanted->pager_badge = handle->badge;
			object_hold(handle->object);
		}
		objects_unlock_irq(flags);
	}
	if (!error && on_end)
		wanted->on_end = call_object(self, on_end, KIND_NOTIFICATION, RIGHT_SEND, &error);
	return error;
}

static u32 create_task_for(struct user_thread *self, const struct call *call)
{
	struct new_task wanted = {
		.creator = self->task,
		.limit = call->edi,
		.slots = call->ebx,
		.max_priority = (call->esi >> 8) & 0xFFu,
		.on_end_bit = call->esi >> 16,
	};
	struct task *task;
	u32 error = find_companions(self, call, &wanted);

	if (!error)
		error = task_create(&wanted, &task);
	object_let_go(wanted.pager);
	object_let_go(wanted.on_end);
	if (error)
		return error;
	error = hand_over(self, call->h2, &task->object, false);
	/* It is there until the reaper has it, but nobody could end it. */
	if (error)
		task_destroy(task);
	return error;
}

static u32 create_task(struct user_thread *self, const struct call *call)
{
	u32 error = 0;
	struct object *system = call_object(self, call->h1, KIND_SYSTEM, RIGHT_SEND, &error);

	if (!system)
		return error;
	object_let_go(system);
	if (((call->esi >> 8) & 0xFFu) > self->task->max_priority)
		return EPERM;
	return create_task_for(self, call);
}

u32 call_obj_create(struct user_thread *self, struct trapframe *frame)
{
	struct call call = call_begin(frame);
	u32 kind = call.esi & 0xFFu;

	if (kind == KIND_TASK && !task_arguments_are_valid(&call))
		return EINVAL;
	if (kind == KIND_TASK && !call_slot_is_free(self, call.h2))
		return ENOSLOT;
	if (kind == KIND_TASK)
		return create_task(self, &call);
	if ((kind != KIND_ENDPOINT && kind != KIND_NOTIFICATION) || call.esi != kind || call.h1)
		return EINVAL;
	if (!call_slot_is_free(self, call.h2))
		return ENOSLOT;
	return kind == KIND_ENDPOINT ? create_endpoint(self, call.h2)
				     : create_notification(self, call.h2);
}

/* ---- Handles ---- */

/* Lock held.  A badge is set where there is none, by who has grant; rights only shrink. */
static u32 copy_handle(struct user_thread *self, struct task *task, const struct call *call)
{
	struct handle *from = handle_at(&self->task->handles, call->edi), *to;
	u32 badge;

	if (!from || (from->rights & RIGHT_RESERVED))
		return EBADH;
	to = handle_free_slot(&task->handles, call->h2);
	if (from->rights & RIGHT_REPLY) {
		if (task != self->task)
			return EPERM;
		if (!to)
			return ENOSLOT;
		handle_move(to, from);
		return 0;
	}
	if (call->esi & ~from->rights)
		return EPERM;
	if (task != self->task && !(from->rights & RIGHT_GRANT))
		return EPERM;
	badge = from->badge;
	if (call->ebp && call->ebp != badge) {
		if (badge || !(from->rights & RIGHT_GRANT))
			return EPERM;
		badge = call->ebp;
	}
	if (from->object->dead)
		return EDEAD;
	if (!to)
		return ENOSLOT;
	handle_set(to, from->object, call->esi, badge);
	return 0;
}

u32 call_handle_copy(struct user_thread *self, struct trapframe *frame)
{
	struct call call = call_begin(frame);
	u32 error = 0, flags;
	struct task *task;

	if (call.edi > HANDLE_MASK || (call.esi & ~RIGHTS_ALL))
		return EINVAL;
	task = call_task(self, call.h1, RIGHT_MANAGE, &error);
	if (!task)
		return error;
	flags = objects_lock_irq();
	order_effect(NULL);
	error = copy_handle(self, task, &call);
	objects_unlock_irq(flags);
	call_task_done(self, task);
	return error;
}

/*
 * `object`: only a handle to it, since the slot may have been filled anew; NULL: whatever is there.
 */
static u32 drop(struct user_thread *self, u32 slot, const struct object *object)
{
	u32 flags = objects_lock_irq(), error = 0;
	struct handle *handle = handle_at(&self->task->handles, slot);

	order_effect(NULL);
	if (!handle || (handle->rights & RIGHT_RESERVED))
		error = object ? 0 : EBADH;
	else if (!object || handle->object == object)
		handle_clear(handle);
	objects_unlock_irq(flags);
	objects_reap();
	return error;
}

/* Ends the object, then empties the slot.  One that has ended already is only dropped. */
static u32 destroy_and_drop(struct user_thread *self, u32 slot)
{
	u32 error = 0;
	struct object *object = call_object(self, slot, KIND_NONE, RIGHT_MANAGE, &error);

	if (!object)
		return error == EDEAD ? drop(self, slot, NULL) : error;
	if (object->ops->destroy)
		object->ops->destroy(object);
	error = drop(self, slot, object);
	object_let_go(object);
	return error;
}

u32 call_handle_drop(struct user_thread *self, struct trapframe *frame)
{
	struct call call = call_begin(frame);

	if (call.esi & ~DROP_DESTROY)
		return EINVAL;
	return call.esi ? destroy_and_drop(self, call.h1) : drop(self, call.h1, NULL);
}
