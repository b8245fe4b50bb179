/*
 * The 8259 pair (8259A datasheet): all lines masked, except the tick's where there is no local
 * APIC.
 */
#include "arch/x86/irq/pic.h"

#include "arch/x86/console/console.h"
#include "arch/x86/cpu/io.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/irq/apic.h"

#define MASTER 0x20u
#define SLAVE 0xA0u
/* Of either: command and status at +0, mask at +1. */
#define DATA 1u

#define LINES_EACH 8u
#define CASCADE_LINE 2u
/* A request that goes away before it is acknowledged is given this line's vector. */
#define SPURIOUS_LINE 7u

/* Initialisation command words: edge, cascaded, a fourth word follows; 8086 mode. */
#define ICW1 0x11u
#define ICW4 0x01u
/* Operation command words: end of interrupt; read the in-service register. */
#define OCW2_EOI 0x20u
#define OCW3_READ_ISR 0x0Bu

/*
 * Writing to this port (POST codes) does nothing but take the microsecond that an old 8259 needs.
 */
#define DELAY_PORT 0x80u

static u8 mask[2] = { 0xFF, 0xFF };

static void put(u16 port, u8 value)
{
	outb(port, value);
	outb(DELAY_PORT, 0);
}

static bool in_service(u16 pic, u32 line)
{
	put(pic, OCW3_READ_ISR);
	return inb(pic) & (1u << line);
}

/*
 * A spurious interrupt is not in service there; the slave's one is, all the same, in the master's
 * cascade line.
 */
static bool spurious(u32 irq)
{
	if (irq % LINES_EACH != SPURIOUS_LINE ||
		in_service(irq < LINES_EACH ? MASTER : SLAVE, SPURIOUS_LINE))
		return false;
	if (irq >= LINES_EACH)
		put(MASTER, OCW2_EOI);
	return true;
}

/* For the lines that nobody uses. */
static void unused_line(struct trapframe *frame)
{
	u32 irq = frame->vector - VECTOR_PIC_BASE;

	/* An earlier system may have given the vector to another source. */
	if (apic_in_service(frame->vector)) {
		apic_eoi();
		return;
	}
	if (spurious(irq))
		return;
	pic_eoi(irq);
	pr_warn("PIC: interrupt on line %u, which is masked\n", irq);
}

static void init_one(u16 pic, u32 vector, u32 cascade)
{
	put(pic, ICW1);
	put(pic + DATA, (u8)vector);
	put(pic + DATA, (u8)cascade);
	put(pic + DATA, ICW4);
	put(pic + DATA, 0xFF);
}

void pic_init(void)
{
	for (u32 irq = 0; irq < 2 * LINES_EACH; irq++)
		trap_set_handler(VECTOR_PIC_BASE + irq, unused_line);
	/* The master takes the cascade line as a bit, the slave as a number. */
	init_one(MASTER, VECTOR_PIC_BASE, 1u << CASCADE_LINE);
	init_one(SLAVE, VECTOR_PIC_BASE + LINES_EACH, CASCADE_LINE);
}

void pic_unmask(u32 irq)
{
	mask[irq / LINES_EACH] &= ~(1u << (irq % LINES_EACH));
	if (irq >= LINES_EACH)
		mask[0] &= ~(1u << CASCADE_LINE);
	put(MASTER + DATA, mask[0]);
	put(SLAVE + DATA, mask[1]);
}

void pic_mask(u32 irq)
{
	mask[irq / LINES_EACH] |= 1u << (irq % LINES_EACH);
	put(MASTER + DATA, mask[0]);
	put(SLAVE + DATA, mask[1]);
}

void pic_eoi(u32 irq)
{
	if (irq >= LINES_EACH)
		put(SLAVE, OCW2_EOI);
	put(MASTER, OCW2_EOI);
}
