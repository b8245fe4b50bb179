/* Accesses that may fault: see probe.h. */
#include "tests/kernel/machine/probe.h"

#include "arch/x86/console/panic.h"
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/percpu.h"
#include "arch/x86/cpu/trap.h"

/* The address that this CPU calls; 0: none. */
static DEFINE_PER_CPU(u32, target);
/* Where the call goes on if it faults: behind it, with the return address still on the stack. */
extern char probe_exec_failed[];

bool probe_read(uintptr_t address, u32 *value)
{
	u32 got = 0, done = 0;

	__asm__ volatile("1: movl (%2), %0\n\t"
			 "movl $1, %1\n"
			 "2:\n\t"
			 ".pushsection .extable, \"a\"\n\t"
			 ".long 1b, 2b\n\t"
			 ".popsection"
			 : "+&r"(got), "+&r"(done)
			 : "r"(address)
			 : "memory");
	if (done)
		*value = got;
	return done;
}

bool probe_write(uintptr_t address, u32 value)
{
	u32 done = 0;

	__asm__ volatile("1: movl %2, (%1)\n\t"
			 "movl $1, %0\n"
			 "2:\n\t"
			 ".pushsection .extable, \"a\"\n\t"
			 ".long 1b, 2b\n\t"
			 ".popsection"
			 : "+&r"(done)
			 : "r"(address), "r"(value)
			 : "memory");
	return done;
}

/* A fault of the call has the called address itself as eip, which no table of fix-ups can list. */
static void at_target(struct trapframe *frame)
{
	if (!this_cpu_read(target) || frame->eip != this_cpu_read(target))
		panic_trap(frame, read_cr2());
	frame->eip = (uintptr_t)probe_exec_failed;
}

/* False if the call has faulted. */
static __noinline bool call(uintptr_t address)
{
	u32 done = 0;

	__asm__ volatile("call *%1\n\t"
			 "movl $1, %0\n\t"
			 "jmp 1f\n\t"
			 ".globl probe_exec_failed\n"
			 "probe_exec_failed:\n\t"
			 "addl $4, %%esp\n"
			 "1:"
			 : "+&r"(done)
			 : "r"(address)
			 : "memory");
	return done;
}

/* Interrupts are off, so that no handler on this CPU probes meanwhile. */
bool probe_exec(uintptr_t address)
{
	u32 flags = irq_save();
	bool done;

	trap_set_handler(TRAP_PAGE_FAULT, at_target);
	this_cpu_write(target, address);
	done = call(address);
	this_cpu_write(target, 0);
	irq_restore(flags);
	return done;
}
