/* Interrupts of devices: see irq.h. */
#include "kernel/objects/irq.h"

#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/irq/apic.h"
#include "arch/x86/irq/device_irq.h"
#include "lib/bitops.h"

/* objects_lock guards it. */
static struct line {
	struct notification *notification; /* held; NULL: not attached */
	u32 bit;
} lines[IRQS];

/* In the interrupt, acknowledged at its controller. */
static void line_came(u32 irq)
{
	u32 flags = objects_lock_irq();

	if (lines[irq].notification)
		notification_raise(lines[irq].notification, 1u << lines[irq].bit);
	objects_unlock_irq(flags);
}

/* Its input at the controller has somebody.  objects_lock held. */
static bool is_taken(u32 irq)
{
	for (u32 i = 0; i < IRQS; i++)
		if (lines[i].notification && device_irq_same(i, irq))
			return true;
	return false;
}

/* The line is opened under the lock: a DETACH that follows closes it behind that. */
u32 irq_attach(u32 irq, struct notification *notification, u32 bit)
{
	u32 flags = objects_lock_irq(), error = 0;

	if (is_taken(irq)) {
		error = EBUSY;
	} else if (notification->object.dead) {
		error = EDEAD;
	} else if (!device_irq_open(irq, line_came)) {
		error = EINVAL;
	} else {
		lines[irq] = (struct line){ notification, bit };
		notification->irqs |= 1u << irq;
		object_hold(&notification->object);
	}
	objects_unlock_irq(flags);
	return error;
}

u32 irq_detach(u32 irq, struct notification *notification)
{
	u32 flags = objects_lock_irq();
	bool mine = lines[irq].notification == notification;

	if (mine) {
		lines[irq].notification = NULL;
		notification->irqs &= ~(1u << irq);
		device_irq_close(irq);
		object_release(&notification->object);
	}
	objects_unlock_irq(flags);
	return mine ? 0 : EINVAL;
}

u32 irq_acknowledge(u32 irq, struct notification *notification)
{
	u32 flags = objects_lock_irq();
	bool mine = lines[irq].notification == notification;

	if (mine)
		device_irq_unmask(irq);
	objects_unlock_irq(flags);
	return mine ? 0 : EINVAL;
}

/* The notification ends. */
static void detach_all(struct notification *notification)
{
	while (notification->irqs)
		irq_detach(lowest_bit(notification->irqs), notification);
}

void irqs_init(void) { notification_irqs_end = detach_all; }
