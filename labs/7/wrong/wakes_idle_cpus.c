/*
 * wrong: wakes CPUs that are idle, to make them flush.
 * test: idle
 * hint: cpus_idle()
 */
void tlb_flush_past(u32 stamp)
{
	u32 behind = 0;

	for_each_cpu(cpu, cpus_online())
		if (tlb_is_behind(cpu, stamp))
			behind |= 1u << cpu;
	if (behind)
		smp_call(behind, flush_called, NULL);
}
