/* The local APIC's timer (SDM vol. 3, 10.5.4): HZ interrupts a second on each CPU. */
#include "arch/x86/irq/apic_timer.h"

#include "arch/x86/console/console.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/irq/apic.h"
#include "arch/x86/irq/clock.h"
#include "arch/x86/irq/lapic.h"
#include "arch/x86/upcall.h"
#include "lib/assert.h"

/* Divide configuration register (figure 10-10). */
#define DIVIDE_BY_16 3u

u32 apic_timer_hz;

static void timer_interrupt(struct trapframe *frame)
{
	(void)frame;
	/*
	 * Acknowledged first: the tick may take long, and the next interrupt shall not be lost
	 * behind it.
	 */
	apic_eoi();
	timer_tick();
}

/* The timer counts down. */
static u32 timer_counter(void) { return ~lapic_read(LAPIC_TIMER_CURRENT); }

void apic_timer_calibrate(void)
{
	trap_set_handler(VECTOR_TIMER, timer_interrupt);
	lapic_write(LAPIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
	lapic_write(LAPIC_TIMER_DIVIDE, DIVIDE_BY_16);
	lapic_write(LAPIC_TIMER_INITIAL, 0xFFFFFFFF);
	apic_timer_hz = measure_hz(timer_counter);
	lapic_write(LAPIC_TIMER_INITIAL, 0);
	if (apic_timer_hz < HZ)
		panic("the local APIC's timer does not count: %u Hz", apic_timer_hz);
	pr_info("APIC: timer counts at %u kHz, %u interrupts a second\n", apic_timer_hz / 1000, HZ);
}

void apic_timer_start(void)
{
	lapic_write(LAPIC_TIMER_DIVIDE, DIVIDE_BY_16);
	lapic_write(LAPIC_LVT_TIMER, LVT_TIMER_PERIODIC | VECTOR_TIMER);
	lapic_write(LAPIC_TIMER_INITIAL, apic_timer_hz / HZ);
}
