/*
 * wrong: removes a range with one call, which takes RANGE_MAX pages at most and refuses the rest.
 * test: shrinks
 * hint: RANGE_MAX pages with a call
 */
void memory_remove(u32 number, u32 start, u32 end)
{
	mem_unmap(client_task(number), start, (end - start) / PAGE);
}
