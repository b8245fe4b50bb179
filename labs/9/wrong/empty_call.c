/*
 * wrong: a range of exactly RANGE_MAX pages gets a second call, for none, which is an error.
 * test: holes
 * hint: 1 to RANGE_MAX pages
 */
static u32 share(u32 from, u32 to, u32 start, u32 end)
{
	u32 error = 0;

	for (u32 at = start; at <= end && !error; at += RANGE_MAX * PAGE)
		error = mem_map(to, from, at | PROT_READ | PROT_EXEC, at | MAP_SHARE,
			MIN((end - at) / PAGE, RANGE_MAX))
				.error;
	return error;
}
