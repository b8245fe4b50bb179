/*
 * wrong: notes for an idle CPU that it has flushed, since it will: so it will not.
 * test: flush_race
 * hint: flushed when its bit is gone
 */
void tlb_flush_past(u32 stamp)
{
	u32 behind = 0;

	for_each_cpu(cpu, cpus_online())
		if (cpus_idle() & (1u << cpu))
			*per_cpu(tlb_seen, cpu) = stamp;
		else if (tlb_is_behind(cpu, stamp))
			behind |= 1u << cpu;
	if (behind)
		smp_call(behind, flush_called, NULL);
}
