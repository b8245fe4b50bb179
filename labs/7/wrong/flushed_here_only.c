/*
 * wrong: flushes the TLB of the CPU that asks: with one CPU that was all.
 * test: stale
 * hint: every busy CPU
 */
void tlb_flush_past(u32 stamp)
{
	(void)stamp;
	(void)flush_called;
	local_flush_pkmap();
}
