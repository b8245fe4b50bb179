/*
 * wrong: makes the others flush, and forgets its own TLB.
 * test: stale
 * hint: the caller too
 */
void tlb_flush_past(u32 stamp)
{
	u32 behind = 0;

	for_each_cpu(cpu, cpus_online() & ~cpus_idle() & ~(1u << smp_processor_id()))
		if (tlb_is_behind(cpu, stamp))
			behind |= 1u << cpu;
	if (behind)
		smp_call(behind, flush_called, NULL);
}
