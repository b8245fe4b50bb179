/* Lines of devices: see device_irq.h. */
#include "arch/x86/irq/device_irq.h"

#include "arch/x86/cpu/trap.h"
#include "arch/x86/firmware/topology.h"
#include "arch/x86/irq/apic.h"
#include "arch/x86/irq/ioapic.h"
#include "arch/x86/irq/pic.h"

#define LINES 16u
/* The tick where there is no local APIC, and the line that joins the two 8259. */
#define PIC_TIMER_LINE 0u
#define PIC_CASCADE_LINE 2u

static void (*handler_of[LINES])(u32 irq);
/* Which line an I/O APIC's vector stands for. */
static u8 line_of_vector[256];

static void ioapic_interrupt(struct trapframe *frame)
{
	u32 irq = line_of_vector[frame->vector];

	if (topology.isa[irq].level)
		ioapic_mask_isa(irq);
	apic_eoi();
	handler_of[irq](irq);
}

/* The 8259's lines are edges (ICW1). */
static void pic_interrupt(struct trapframe *frame)
{
	u32 irq = frame->vector - VECTOR_PIC_BASE;

	pic_eoi(irq);
	handler_of[irq](irq);
}

static bool open_at_ioapic(u32 irq)
{
	u32 vector = ioapic_vector_isa(irq);

	if (!vector)
		return false;
	line_of_vector[vector] = (u8)irq;
	trap_set_handler(vector, ioapic_interrupt);
	return ioapic_route_isa(irq, 0) != 0;
}

static bool open_at_pic(u32 irq)
{
	if (irq == PIC_TIMER_LINE || irq == PIC_CASCADE_LINE)
		return false;
	trap_set_handler(VECTOR_PIC_BASE + irq, pic_interrupt);
	pic_unmask(irq);
	return true;
}

bool device_irq_open(u32 irq, void (*came)(u32 irq))
{
	handler_of[irq] = came;
	return apic_present ? open_at_ioapic(irq) : open_at_pic(irq);
}

void device_irq_close(u32 irq)
{
	if (apic_present)
		ioapic_mask_isa(irq);
	else
		pic_mask(irq);
}

/* An edge line was not masked; to write its entry anew would lose an edge that comes meanwhile. */
void device_irq_unmask(u32 irq)
{
	if (!apic_present)
		pic_unmask(irq);
	else if (topology.isa[irq].level)
		ioapic_route_isa(irq, 0);
}

bool device_irq_same(u32 a, u32 b)
{
	return apic_present ? ioapic_isa_gsi(a) == ioapic_isa_gsi(b) : a == b;
}
