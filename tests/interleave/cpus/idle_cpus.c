/* CPUs under the kernel's own scheduler: see idle_cpus.h. */
#include "cpus/idle_cpus.h"

#include "access.h"
#include "machine.h"
#include "scenario.h"

#include "arch/x86/upcall.h"
#include "kernel/sched/idle.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/sched_stats.h"
#include "kernel/sched/thread.h"

static struct thread idle_thread[MAX_CPUS];

static void run_idle(void) { idle_loop(current_thread()); }

static void timer(struct trapframe *frame)
{
	(void)frame;
	timer_tick();
}

void idle_cpus_boot(void)
{
	for (u32 cpu = 0; cpu < MAX_CPUS; cpu++) {
		struct thread *idle = &idle_thread[cpu];

		idle->cpu = idle->moves_to = cpu;
		list_init(&idle->node);
		sched_init_cpu(cpu, idle);
		per_cpu(run_queue, cpu)->slice = 1; /* setup() does not yield */
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

void idle_for_ever(void) {}

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
