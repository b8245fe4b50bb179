/* What the calls share: see call.h. */
#include "kernel/calls/call.h"

#include "arch/x86/cpu/irq_flags.h"

struct task *call_other_task(struct user_thread *self, u32 slot, u32 rights, u32 *error)
{
	u32 flags = objects_lock_irq();
	const struct handle *handle =
		handle_find(&self->task->handles, slot, KIND_TASK, rights, error);
	struct task *task = handle ? task_of(handle->object) : NULL;

	if (task && task != self->task)
		task_call_begins(task);
	order_look(slot, task ? &task->object : NULL);
	objects_unlock_irq(flags);
	return task;
}

struct object *call_object(
	struct user_thread *self, u32 slot, enum object_kind kind, u32 rights, u32 *error)
{
	u32 flags = objects_lock_irq();
	const struct handle *handle = handle_find(&self->task->handles, slot, kind, rights, error);
	struct object *object = handle ? handle->object : NULL;

	if (object)
		object_hold(object);
	order_look(slot, object);
	objects_unlock_irq(flags);
	return object;
}

struct object *call_hold(struct object *object)
{
	u32 flags = objects_lock_irq();

	object_hold(object);
	objects_unlock_irq(flags);
	return object;
}

bool call_slot_is_free(struct user_thread *self, u32 slot)
{
	u32 flags = objects_lock_irq();
	bool is_free = handle_free_slot(&self->task->handles, slot) != NULL;

	order_look(slot, NULL);
	objects_unlock_irq(flags);
	return is_free;
}
