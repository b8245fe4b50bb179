/*
 * wrong: makes the CPUs flush, and does not count the rounds.
 * test: behind
 * hint: rounds: flushes
 */
void tlb_flush_past(u32 stamp)
{
	u32 behind = 0;

	for_each_cpu(cpu, cpus_online() & ~cpus_idle())
		if (tlb_is_behind(cpu, stamp))
			behind |= 1u << cpu;
	if (!behind)
		return;
	shadow_round(behind, CALLER());
	smp_call(behind, flush_called, NULL);
}
