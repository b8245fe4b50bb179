/* CPUs as coroutines, and the memory of the machine. */
#include "machine.h"

#include "access.h"
#include "arch/x86/cpu/percpu.h"
#include "scenario.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct machine m;
u32 ncpus, running_cpu;
uintptr_t percpu_offset[NR_CPUS];
char *ram;
char failure[512];
bool on_cpu;

static char percpu_copies[MAX_CPUS][MODEL_PERCPU_BYTES] __attribute__((aligned(64)));
static void (*cpu_work[MAX_CPUS])(void);
static void (*after_work)(void);
static char *explorer_sp;
static sigjmp_buf explorer;

extern char __start_percpu[], __stop_percpu[];
extern char kernel_state_start[], kernel_state_end[];

static void cpu_main(void)
{
	cpu_work[running_cpu]();
	settle();
	m.cpu[running_cpu].ended = true;
	if (after_work)
		after_work();
	/* The CPU still answers interrupts. */
	for (;;)
		machine_stop(ENDED, 0);
}

static void cpu_start(u32 cpu)
{
	memset(stack_top(cpu) - STACK_BYTES, 0, STACK_BYTES);
	stack_prepare(cpu, stack_top(cpu), cpu_main);
	m.cpu[cpu].stack = cpu;
	m.cpu[cpu].sp = m.stack_sp[cpu];
	m.cpu[cpu].irqs = true;
	m.cpu[cpu].locks[1] = 1u << LOCK_IRQS_OFF;
}

/* A wild pointer, or a return address that somebody has overwritten: the schedule fails. */
static void crashed(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	if (!on_cpu)
		abort();
	on_cpu = false;
	snprintf(failure, sizeof(failure), "CPU %u crashes at address %p", running_cpu,
		info->si_addr);
	siglongjmp(explorer, 1);
}

static void catch_crashes(void)
{
	static char stack[65536];
	stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction action = { .sa_sigaction = crashed,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };

	sigaltstack(&alternate, NULL);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGILL, &action, NULL);
}

void machine_init(void)
{
	catch_crashes();
	ram = mmap((void *)PAGE_OFFSET, FRAMES * 4096, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (ram == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
	for (u32 cpu = 0; cpu < MAX_CPUS; cpu++)
		percpu_offset[cpu] = (uintptr_t)percpu_copies[cpu] - (uintptr_t)__start_percpu;
	if ((size_t)(__stop_percpu - __start_percpu) > sizeof(percpu_copies[0]))
		abort();
	region_add(kernel_state_start, (size_t)(kernel_state_end - kernel_state_start), true);
	region_add(percpu_copies, sizeof(percpu_copies), true);
	stacks_region();
	heap_region();
}

/* The kernel's variables as they were when the program began. */
static void reset_kernel(void)
{
	static char *as_begun;
	size_t size = (size_t)(kernel_state_end - kernel_state_start);

	if (!as_begun)
		as_begun = memcpy(malloc(size), kernel_state_start, size);
	else
		memcpy(kernel_state_start, as_begun, size);
}

void machine_new(u32 cpus, void (*const work[])(void), void (*after)(void))
{
	ncpus = cpus;
	after_work = after;
	reset_kernel();
	memset(&m, 0, sizeof(m));
	memset(stores, 0, sizeof(stores));
	memset(ram, 0, FRAMES * 4096);
	heap_init();
	for (u32 cpu = 0; cpu < MAX_CPUS; cpu++) {
		memcpy(percpu_copies[cpu], __start_percpu,
			(size_t)(__stop_percpu - __start_percpu));
		cpu_work[cpu] = work[cpu];
		if (cpu < cpus)
			cpu_start(cpu);
	}
	running_cpu = 0;
	failure[0] = 0;
}

bool frame_of(uintptr_t at, u32 *frame)
{
	*frame = (u32)((at - (uintptr_t)ram) >> PAGE_SHIFT);
	return at >= (uintptr_t)ram && at < (uintptr_t)ram + FRAMES * 4096;
}

void fail(const char *fmt, ...)
{
	va_list args;

	if (!failure[0]) {
		va_start(args, fmt);
		vsnprintf(failure, sizeof(failure), fmt, args);
		va_end(args);
	}
	if (!on_cpu)
		return;
	/* Nobody comes back to this CPU. */
	on_cpu = false;
	switch_stack(&m.cpu[running_cpu].sp, explorer_sp);
}

/*
 * What lies below the stack pointer is dead; the next calls' gaps shall not differ by what was
 * there.
 */
__attribute__((noinline, no_sanitize("address"))) static void wipe_below(void)
{
	volatile char below[768];

	memset((void *)below, 0, sizeof(below));
}

static void to_explorer(void)
{
	u32 cpu = running_cpu;

	wipe_below();
	on_cpu = false;
	switch_stack(&m.cpu[cpu].sp, explorer_sp);
}

void machine_run(u32 cpu)
{
	running_cpu = cpu;
	view_on(cpu);
	if (!sigsetjmp(explorer, 0)) {
		on_cpu = true;
		switch_stack(&explorer_sp, m.cpu[cpu].sp);
	}
	view_off(cpu);
}

/* The thread may go on on another CPU, or end. */
static void back_to_user(void)
{
	env_user_return();
	settle();
	m.cpu[running_cpu].in_user = true;
}

/* The explorer has decided that the interrupt with the lowest vector is delivered now. */
static void take_interrupt(struct cpu *self)
{
	u32 bit = (u32)__builtin_ctz(self->pending);
	bool user = self->in_user;

	self->deliver = self->in_user = false;
	self->pending &= self->pending - 1;
	self->irqs = false;
	self->in_handler = true;
	if (user)
		env_user_interrupted();
	env_interrupt(bit);
	settle();
	self->in_handler = false;
	self->changed = true;
	if (user)
		back_to_user();
	m.cpu[running_cpu].irqs = true;
}

static void set_wait(struct cpu *self, enum wait waiting, uintptr_t on)
{
	self->waiting = waiting;
	self->on = on;
}

/* Without an interrupt. */
static void end_halt(struct cpu *self)
{
	self->smi = false;
	trace_text("the halt ends without an interrupt");
}

void machine_stop(enum wait waiting, uintptr_t on)
{
	for (;;) {
		struct cpu *self = &m.cpu[running_cpu];

		set_wait(self, waiting, on);
		to_explorer();
		set_wait(self, RUNNABLE, 0);
		if (!self->deliver) {
			if (waiting == FOR_INTERRUPT)
				end_halt(self);
			break;
		}
		take_interrupt(self);
		if (waiting == FOR_INTERRUPT)
			waiting = RUNNABLE;
	}
}

bool machine_can_run(u32 cpu)
{
	const struct cpu *c = &m.cpu[cpu];

	switch (c->waiting) {
	case FOR_LOCK: return word_seen_by(cpu, c->on) == 0;
	case FOR_CHANGE: return c->changed;
	case FOR_INTERRUPT: return c->smi;
	case ENDED: return false;
	default: return true;
	}
}
