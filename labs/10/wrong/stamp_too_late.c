/*
 * wrong: takes the stamp when the slots are wanted, so whoever flushed before has done it in vain.
 * test: interrupts
 * hint: take the stamp long before
 */
static void open_batch(void)
{
	if (!closed.count)
		close_batch();
	tlb_flush_past(tlb_stamp());
	kmap_stats.flushes++;
	kmap_stats.reclaimed += closed.count;
	for (u32 slot = closed.first; slot != END; slot = after[slot])
		pkmap_count[slot] = 0;
	free = closed;
	closed = (struct slots){ .first = END };
}
