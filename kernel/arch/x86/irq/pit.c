/*
 * Channel 0 of the 8254 timer (PIT): a reference to measure others by, then the tick where there is
 * no local APIC.
 */
#include "arch/x86/irq/pit.h"

#include "arch/x86/cpu/io.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/irq/clock.h"
#include "arch/x86/irq/pic.h"
#include "arch/x86/upcall.h"

#define PIT_HZ 1193182u
#define PIT_CHANNEL_0 0x40u
#define PIT_MODE 0x43u
/*
 * Control words for channel 0 (8254 datasheet): low byte then high byte, mode; or the counter is
 * latched for two reads.
 */
#define MODE_ONESHOT 0x30u
#define MODE_RATE 0x34u
#define LATCH 0x00u
/* A count of 0 stands for 65,536, the longest. */
#define LONGEST 0u
#define COUNTER_MASK 0xFFFFu

static void set_count(u32 mode, u32 count)
{
	outb(PIT_MODE, (u8)mode);
	outb(PIT_CHANNEL_0, count & 0xFF);
	outb(PIT_CHANNEL_0, (u8)(count >> 8));
}

void pit_start(u32 hz)
{
	/* Mode 0 does not count until it is given a count. */
	if (hz)
		set_count(MODE_RATE, PIT_HZ / hz);
	else
		outb(PIT_MODE, MODE_ONESHOT);
}

/* Whether there is a timer shows when it counts: from where there is none, each read gives 0xFF. */
static bool reference_start(void)
{
	set_count(MODE_RATE, LONGEST);
	return true;
}

/* The timer counts down. */
static u32 reference_read(void)
{
	u32 low, high;

	outb(PIT_MODE, LATCH);
	low = inb(PIT_CHANNEL_0);
	high = inb(PIT_CHANNEL_0);
	return ~(low | high << 8) & COUNTER_MASK;
}

const struct reference pit_reference = {
	.name = "the 8254 timer",
	.hz = PIT_HZ,
	.mask = COUNTER_MASK,
	.start = reference_start,
	.read = reference_read,
};

static void tick_interrupt(struct trapframe *frame)
{
	(void)frame;
	pic_eoi(0);
	timer_tick();
}

void legacy_timer_start(void)
{
	trap_set_handler(VECTOR_PIC_BASE, tick_interrupt);
	pit_start(HZ);
	pic_unmask(0);
}
