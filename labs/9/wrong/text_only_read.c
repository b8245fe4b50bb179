/*
 * wrong: fork asks for the right to read alone, and the child's code cannot be executed.
 * test: shares
 * hint: asked for READ and EXEC
 */
static u32 share(u32 from, u32 to, u32 start, u32 end)
{
	u32 error = 0;

	for (u32 at = start; at < end && !error; at += RANGE_MAX * PAGE)
		error = mem_map(
			to, from, at | PROT_READ, at | MAP_SHARE, MIN((end - at) / PAGE, RANGE_MAX))
				.error;
	return error;
}
