/*
 * wrong: a copy that fails is told as EFAULT, whatever it was: without memory the writer ends,
 * though another client has all of it.
 * test: shortage
 * hint: memory_relieve ends who has most
 */
static u32 copy(u32 number, const struct region *region, u32 page)
{
	u32 task = client_task(number);

	return mem_map(task, task, page | region->prot, page | MAP_COPY | MAP_REPLACE, 1).error
		       ? EFAULT
		       : 0;
}
