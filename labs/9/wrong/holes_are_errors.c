/*
 * wrong: a shared page that the parent has not touched makes fork fail.
 * test: holes
 * hint: pages that are not there are no error
 */
static u32 map_shared(u32 from, u32 to, u32 start, u32 end)
{
	u32 error = 0;

	for (u32 at = start; at < end && !error; at += RANGE_MAX * PAGE)
		error = mem_map(to, from, at | PROT_READ | PROT_WRITE, at | MAP_MAP,
			MIN((end - at) / PAGE, RANGE_MAX))
				.error;
	return error;
}
