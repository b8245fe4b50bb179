/*
 * What every variant has beside the kernel's files, and watched as they are: it runs on simulated
 * CPUs.
 */
#include "scenario.h"

#include "arch/x86/cpu/nosleep.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/paging/tlb_idle.h"
#include "arch/x86/upcall.h"

volatile u32 result[8];

void wait_for(volatile u32 *word, u32 value)
{
	while (*word != value)
		cpu_relax();
}

/* As dispatch_interrupt() in kernel/arch/x86/cpu/trap.c. */
void interrupt_entry(void (*handler)(struct trapframe *frame))
{
	if (this_cpu_test(is_idle))
		idle_leave();
	this_cpu_inc(nosleep.interrupts);
	handler(NULL);
	this_cpu_dec(nosleep.interrupts);
}
