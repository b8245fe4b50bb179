/*
 * wrong: flushes every busy CPU, whatever it has flushed meanwhile.
 * test: behind
 * hint: is not behind
 */
void tlb_flush_past(u32 stamp)
{
	(void)stamp;
	smp_call(cpus_online() & ~cpus_idle(), flush_called, NULL);
}
