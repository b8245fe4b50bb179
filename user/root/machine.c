/* Ports, interrupts, power: see machine.h. */
#include "user/root/machine.h"

#include "lib/compiler.h"
#include "user/lib/calls.h"
#include "user/lib/layout.h"
#include "user/lib/protocol/root.h"

#define SCREEN_FRAME 0xB8u
#define SECOND_SERIAL 0x2F8u
#define IRQ_KEYBOARD 1u
#define IRQ_SERIAL 4u

static const struct {
	u32 first, count;
} ports[] = {
	{ 0x60, 1 },  /* keyboard: data */
	{ 0x64, 1 },  /* keyboard: status and commands */
	{ 0x3D4, 2 }, /* the screen's cursor */
	{ 0x3F8, 8 }, /* serial line */
};

/* An interrupt is attached once: the notification stays when con goes. */
static u32 attach(u32 notification, u32 irq)
{
	u32 error = irq_ctl(SLOT_SYSTEM, notification, IRQ_ATTACH, irq, irq).error;

	return error == EBUSY ? 0 : error;
}

u32 machine_give_console(u32 task, u32 notification)
{
	u32 error = mem_alloc(task, SLOT_SYSTEM, CON_SCREEN | PROT_READ | PROT_WRITE | ALLOC_PHYS,
		CON_SCREEN_PAGES, SCREEN_FRAME)
			    .error;

	for (u32 i = 0; i < ARRAY_SIZE(ports) && !error; i++)
		error = io_grant(SLOT_SYSTEM, task, ports[i].first, ports[i].count).error;
	if (!error)
		error = attach(notification, IRQ_KEYBOARD);
	if (!error)
		error = attach(notification, IRQ_SERIAL);
	return error;
}

/* Without a look at whether the line is ready: it is QEMU's, which always is. */
void machine_tell(const char *text)
{
	if (io_grant(SLOT_SYSTEM, 0, SECOND_SERIAL, 1).error)
		return;
	for (; *text; text++)
		__asm__ volatile("outb %b0, %w1" : : "a"(*text), "Nd"(SECOND_SERIAL));
}

void machine_off(u32 status) { sys_ctl(SLOT_SYSTEM, SYS_EXIT, status, 0); }

/* Pulse the line by the keyboard's controller (IBM PC AT, 8042, command 0xFE). */
void machine_reset(void)
{
	if (io_grant(SLOT_SYSTEM, 0, 0x64, 1).error)
		return;
	__asm__ volatile("outb %b0, %w1" : : "a"(0xFE), "Nd"(0x64));
}
