/* Trim requests: see reclaim.h. */
#include "mm/pages/reclaim.h"

#include "arch/x86/cpu/atomic.h"
#include "arch/x86/cpu/percpu.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/smp/cpumask.h"
#include "mm/pages/upcall.h"
#include "mm/wait.h"

/* Counted up by ask_for_trim(); a CPU that has seen less has something to do. */
static atomic_t trim_generation;
static DEFINE_PER_CPU(u32, trim_seen);

void ask_for_trim(void) { atomic_inc(&trim_generation); }

/* Stacks first: with a stack goes the object that describes its range. */
void drain_caches(void)
{
	drain_kernel_stacks();
	drain_pgt_cache();
	drain_object_pages();
}

void trim_if_asked(void)
{
	u32 *seen = this_cpu(trim_seen);
	u32 asked = atomic_read(&trim_generation);

	if (likely(*seen == asked))
		return;
	drain_caches();
	/* Acknowledged after the work: trim_idle_cpus() takes this for the pages being free. */
	barrier();
	WRITE_ONCE(*seen, asked);
}

bool trim_is_asked(void) { return *this_cpu(trim_seen) != atomic_read(&trim_generation); }

/*
 * An idle CPU trims before it halts.  One that has found a thread to run may have looked for
 * requests just before this one: it is not waited for, as no busy CPU is, since its thread may wait
 * for us.
 */
void trim_idle_cpus(void)
{
	u32 asked = atomic_read(&trim_generation);

	for_each_cpu(cpu, kick_idle_cpus())
		while ((s32)(READ_ONCE(*per_cpu(trim_seen, cpu)) - asked) < 0 &&
			idle_thread_runs(cpu))
			cpu_relax();
}
