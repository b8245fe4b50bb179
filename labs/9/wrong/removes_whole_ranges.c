/*
 * wrong: takes whole ranges of RANGE_MAX pages away, so the next region's pages go with the last.
 * test: shrinks
 * hint: [start, end)
 */
void memory_remove(u32 number, u32 start, u32 end)
{
	for (u32 at = start; at < end; at += RANGE_MAX * PAGE)
		mem_unmap(client_task(number), at, RANGE_MAX);
}
