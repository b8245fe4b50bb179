/* Kernel objects: see object.h. */
#include "kernel/objects/object.h"

#include "arch/x86/cpu/irq_flags.h"

struct spinlock objects_lock = SPINLOCK_INIT("objects");
struct list objects_to_reap = LIST_INIT(objects_to_reap);

u32 objects_lock_irq(void)
{
	u32 flags = spin_lock_irqsave(&objects_lock);

	objects_lock.caller = CALLER();
	return flags;
}

void objects_unlock_irq(u32 flags) { spin_unlock_irqrestore(&objects_lock, flags); }

void objects_lock_wait(void)
{
	irq_enable();
	spin_lock_irqsave(&objects_lock);
}

void objects_lock_pause(void)
{
	spin_unlock(&objects_lock);
	if (in_interrupt())
		objects_lock_irq();
	else
		objects_lock_wait();
}

void object_init(struct object *object, const struct object_ops *ops)
{
	object->ops = ops;
	list_init(&object->owned);
	list_init(&object->reap);
}

void object_reap_later(struct object *object)
{
	if (list_empty(&object->reap))
		list_append(&objects_to_reap, &object->reap);
}

void object_handle_went(struct object *object, u32 rights)
{
	bool last;

	INVARIANT(55, object->handles, "an object of kind %u without handles loses one",
		object->ops->kind);
	last = !--object->handles;
	if (rights & RIGHT_RECEIVE)
		last = !--object->receivers || last;
	if (last && (object->ops->unreachable || !object->holds))
		object_reap_later(object);
}

/* The first on the list, held; NULL: none.  objects_lock held. */
static struct object *take_first(void)
{
	struct object *object;

	if (list_empty(&objects_to_reap))
		return NULL;
	object = list_first(&objects_to_reap, struct object, reap);
	list_remove(&object->reap);
	object_hold(object);
	return object;
}

/* The hold of take_first() goes; true if it was all that led to the object.  objects_lock held. */
static bool let_go(struct object *object)
{
	bool last = !--object->holds && !object->handles;

	if (last) {
		list_remove(&object->reap);
		list_remove(&object->owned);
	}
	return last;
}

void objects_reap_all(void)
{
	u32 flags = objects_lock_irq();
	struct object *object;

	while ((object = take_first())) {
		bool last;

		objects_unlock_irq(flags);
		if (object->ops->unreachable)
			object->ops->unreachable(object);
		flags = objects_lock_irq();
		last = let_go(object);
		if (!last)
			continue;
		objects_unlock_irq(flags);
		object->ops->free(object);
		flags = objects_lock_irq();
	}
	objects_unlock_irq(flags);
}

void object_let_go(struct object *object)
{
	u32 flags;

	if (!object)
		return;
	flags = objects_lock_irq();
	object_release(object);
	objects_unlock_irq(flags);
	objects_reap();
}
