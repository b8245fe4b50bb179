/*
 * Interrupts of devices, as bits of notifications.
 *
 * A level line is masked when it comes, until it is acknowledged.  An edge line stays open, and the
 * bit collects what comes meanwhile: an I/O APIC loses an edge on a masked line, and keyboard and
 * serial line would hang.  All go to CPU 0.
 */
#ifndef KERNEL_IRQ_H
#define KERNEL_IRQ_H

#include "kernel/objects/notification.h"

void irqs_init(void);
/* 0, EBUSY (attached already), EINVAL (no such line).  The caller holds the notification. */
u32 irq_attach(u32 irq, struct notification *notification, u32 bit);
/* EINVAL unless this notification has it. */
u32 irq_detach(u32 irq, struct notification *notification);
u32 irq_acknowledge(u32 irq, struct notification *notification);

#endif
