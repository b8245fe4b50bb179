/*
 * wrong: takes the stamp and believes that it is a flush: nobody waits for the CPUs.
 * test: slowest
 * hint: clear the entry, take a stamp, flush past it
 */
static void open_batch(void)
{
	if (!closed.count)
		close_batch();
	kmap_stats.flushes++;
	kmap_stats.reclaimed += closed.count;
	for (u32 slot = closed.first; slot != END; slot = after[slot])
		pkmap_count[slot] = 0;
	free = closed;
	closed = (struct slots){ .first = END };
}
