/*
 * What the engine asks of threads, and the scheduler of the rest of the kernel: each CPU starts in
 * its idle thread.
 */
#include "access.h"
#include "explorer.h"
#include "machine.h"

#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/paging/tlb_idle.h"
#include "arch/x86/upcall.h"
#include "kernel/sched/idle.h"
#include "kernel/sched/sched_stats.h"
#include "lib/string.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_MADE 4u

static struct thread idle_thread[MAX_CPUS], made[MAX_MADE];
static u32 nmade;
volatile u32 result[8];
DEFINE_PER_CPU(u32, user_work);

/* ---- Boot ---- */

static void run_idle(void) { idle_loop(current_thread()); }

static void timer(struct trapframe *frame)
{
	(void)frame;
	timer_tick();
}

void threads_boot(void)
{
	for (u32 cpu = 0; cpu < MAX_CPUS; cpu++) {
		idle_thread[cpu].cpu = idle_thread[cpu].moves_to = cpu;
		list_init(&idle_thread[cpu].node);
		sched_init_cpu(cpu, &idle_thread[cpu]);
		per_cpu(run_queue, cpu)->slice = 1;
	}
	trap_set_handler(VECTOR_TIMER, timer);
	threads_init();
}

void env_work(const struct scenario *scenario, void (*work[])(void))
{
	(void)scenario;
	for (u32 cpu = 0; cpu < MAX_CPUS; cpu++)
		work[cpu] = run_idle;
}

void env_start(const struct scenario *scenario)
{
	for (u32 cpu = 0; cpu < ncpus; cpu++)
		m.cpu[cpu].ended = true; /* their idle threads are not to end */
	machine_settle();
	if (!scenario->start)
		return;
	scenario->start();
	/* As if an interrupt had made those of CPU 0 ready. */
	if (sched_has_work())
		m.cpu[0].pending |= 1u << (VECTOR_RESCHEDULE & 31);
	while (m.cpu[0].nstores)
		store_drain(0);
}

void env_ignore_counters(void)
{
	for (u32 cpu = 0; cpu < MAX_CPUS; cpu++)
		region_ignore(per_cpu(sched_stats, cpu), sizeof(sched_stats));
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

/* ---- Threads ---- */

static void run(void *fn)
{
	((void (*)(void))fn)();
	has_ended();
}

struct thread *begin(u32 cpu, void (*fn)(void))
{
	struct thread *thread = &made[nmade++];

	if (nmade > MAX_MADE || !thread_init(thread, "thread", cpu))
		abort();
	thread_set_entry(thread, run, (void *)fn);
	must_end(thread->stack_top);
	sched_start_thread(thread);
	return thread;
}

/* What a CPU runs belongs to it, whenever its queue's lock is free. */
void env_check_state(void)
{
	for (u32 cpu = 0; cpu < ncpus; cpu++) {
		const struct run_queue *queue = per_cpu(run_queue, cpu);

		if (!atomic_read(&queue->lock.taken) &&
			(queue->current->cpu != cpu || queue->current->state != THREAD_RUNNING))
			must_hold("CPU %u runs a thread of CPU %u in state %u", cpu,
				queue->current->cpu, queue->current->state);
	}
}

bool env_all_ended(char *text, size_t size)
{
	static const char *const states[] = { "READY", "RUNNING", "SLEEPING", "DEAD" };
	size_t n = 0;

	for (u32 i = 0; i < nmade && n < size; i++)
		n += (size_t)snprintf(text + n, size - n, "; thread %u of CPU %u is %s", i,
			made[i].cpu, states[made[i].state & 3]);
	return !m.must_end;
}

void wait_for(volatile u32 *word, u32 value)
{
	while (*word != value)
		cpu_relax();
}

/* ---- What there is no use for here ---- */

void idle_for_ever(void) {}
void env_user_return(void) {}
void env_user_interrupted(void) {}
size_t strlcpy(char *to, const char *from, size_t size)
{
	(void)from;
	*to = 0;
	return size;
}
