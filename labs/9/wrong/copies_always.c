/*
 * wrong: copies by way of another address, so the last owner of a frame gets a copy too.
 * test: last_owner
 * hint: last owner's write copies nothing
 */
static u32 copy(u32 number, const struct region *region, u32 page)
{
	u32 task = client_task(number), away = LOAD_WINDOW;
	u32 error = mem_map(task, task, away | region->prot, page | MAP_COPY, 1).error;

	if (error)
		return error;
	mem_unmap(task, page, 1);
	return mem_map(task, task, page | region->prot, away | MAP_GRANT, 1).error;
}
