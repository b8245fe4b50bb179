/*
 * wrong: takes a CPU that has flushed past a later stamp for one that is behind.
 * test: behind
 * hint: has reached the stamp
 */
void tlb_flush_past(u32 stamp)
{
	u32 behind = 0;

	for_each_cpu(cpu, cpus_online() & ~cpus_idle())
		if (READ_ONCE(*per_cpu(tlb_seen, cpu)) != stamp)
			behind |= 1u << cpu;
	if (behind)
		smp_call(behind, flush_called, NULL);
}
