/*
 * wrong: does not tell that pages could not be shared, so the child lacks them.
 * test: quota
 * hint: first error
 */
static u32 share(u32 from, u32 to, u32 start, u32 end)
{
	u32 error = 0;

	for (u32 at = start; at < end && !error; at += RANGE_MAX * PAGE)
		error = mem_map(to, from, at | PROT_READ | PROT_EXEC, at | MAP_SHARE,
			MIN((end - at) / PAGE, RANGE_MAX))
				.error;
	return 0;
}
