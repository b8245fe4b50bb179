/* The 8254 timer (PIT): channel 0 as a tick where there is no local APIC, channel 2 as the clock that all others are measured by. */
#include "arch/x86/apic.h"
#include "arch/x86/console.h"
#include "arch/x86/cpu.h"
#include "arch/x86/io.h"
#include "arch/x86/trap.h"
#include "arch/x86/upcall.h"
#include "lib/assert.h"

#define PIT_HZ 1193182u
#define PIT_CHANNEL_0 0x40u
#define PIT_CHANNEL_2 0x42u
#define PIT_MODE 0x43u
/* Mode bytes (8254 datasheet, control word): channel, low byte then high byte, mode. */
#define MODE_CHANNEL_0_ONESHOT 0x30u
#define MODE_CHANNEL_0_RATE 0x34u
#define MODE_CHANNEL_2_ONESHOT 0xB0u

/* Port 0x61 belongs to channel 2: its gate, the speaker, its output. */
#define GATE_PORT 0x61u
#define GATE_ON 0x01u
#define GATE_SPEAKER 0x02u
#define GATE_OUTPUT 0x20u

/* Some minutes of polling: only a PIT that does not count at all takes them. */
#define MAX_TURNS 0x20000000u
#define MAX_WAIT_US 50000u
#define WINDOWS 3u

u32 tsc_khz;

void pit_start(u32 hz)
{
	if (!hz) {
		/* Mode 0 does not count until it is given a count. */
		outb(PIT_MODE, MODE_CHANNEL_0_ONESHOT);
		return;
	}
	u32 count = PIT_HZ / hz;

	outb(PIT_MODE, MODE_CHANNEL_0_RATE);
	outb(PIT_CHANNEL_0, count & 0xFF);
	outb(PIT_CHANNEL_0, count >> 8);
}

/* A count for channel 2, all but the byte that starts it.  Mode 0: the output falls now and rises when the count has run down. */
static void oneshot_prepare(u32 count)
{
	outb(GATE_PORT, (inb(GATE_PORT) & ~GATE_SPEAKER) | GATE_ON);
	outb(PIT_MODE, MODE_CHANNEL_2_ONESHOT);
	outb(PIT_CHANNEL_2, count & 0xFF);
}

static void oneshot_run(u32 count)
{
	u32 turns = 0;

	outb(PIT_CHANNEL_2, count >> 8);
	while (!(inb(GATE_PORT) & GATE_OUTPUT)) {
		if (++turns == MAX_TURNS)
			panic("the 8254 timer does not count: no clock to measure the others by");
		cpu_relax();
	}
}

/* In 32 bits; `us` at most MAX_WAIT_US. */
static u32 us_to_count(u32 us)
{
	return (us * (PIT_HZ / 1000) + us * (PIT_HZ % 1000) / 1000) / 1000;
}

void pit_wait_us(u32 us)
{
	u32 count = us_to_count(MIN(us, MAX_WAIT_US));

	oneshot_prepare(count);
	oneshot_run(count);
}

static u32 measure_window(u32 (*counter)(void))
{
	u32 count = us_to_count(PIT_WINDOW_US);
	u32 flags = irq_save();
	u32 start;

	oneshot_prepare(count);
	start = counter();
	oneshot_run(count);
	u32 counted = counter() - start;

	/* Nobody else runs yet, and an interrupt in the window would be counted. */
	irq_time_forgive();
	irq_restore(flags);
	return counted;
}

u32 pit_measure(u32 (*counter)(void))
{
	u32 smallest = 0xFFFFFFFF;

	for (u32 i = 0; i < WINDOWS; i++) {
		u32 counted = measure_window(counter);

		smallest = MIN(smallest, counted);
	}
	return smallest;
}

static u32 tsc_counter(void)
{
	return (u32)rdtsc();
}

void tsc_calibrate(void)
{
	if (!cpu_features.tsc)
		return;
	tsc_khz = pit_measure(tsc_counter) / (PIT_WINDOW_US / 1000);
	pr_info("TSC: %u.%03u MHz\n", tsc_khz / 1000, tsc_khz % 1000);
}

static void delay_by_pit(u32 us)
{
	while (us) {
		u32 part = MIN(us, MAX_WAIT_US);

		pit_wait_us(part);
		us -= part;
	}
}

void udelay(u32 us)
{
	if (!tsc_khz) {
		delay_by_pit(us);
		return;
	}
	u64 cycles = (u64)us * (tsc_khz / 1000) + us * (tsc_khz % 1000) / 1000;
	u64 start = rdtsc();

	while (rdtsc() - start < cycles)
		cpu_relax();
}

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
