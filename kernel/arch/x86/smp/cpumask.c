/* Which CPUs there are: see cpumask.h. */
#include "arch/x86/smp/cpumask.h"

atomic_t cpu_online_mask = ATOMIC_INIT(0);
atomic_t cpu_idle_mask = ATOMIC_INIT(0);

u32 cpu_online_count(void)
{
	u32 count = 0;

	for (u32 left = cpus_online(); left; left &= left - 1)
		count++;
	return count;
}

u32 cpus_with_copy(void)
{
	u32 mask = 1;

	for (u32 cpu = 1; cpu < NR_CPUS; cpu++)
		if (percpu_offset[cpu])
			mask |= 1u << cpu;
	return mask;
}
