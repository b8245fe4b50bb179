/*
 * wrong: a child for which there is not enough memory lacks some pages, which would be zero then.
 * test: shortage
 * hint: an error of fork's too
 */
static u32 share(u32 from, u32 to, u32 start, u32 end)
{
	u32 error = 0;

	for (u32 at = start; at < end && !error; at += RANGE_MAX * PAGE)
		error = mem_map(to, from, at | PROT_READ | PROT_EXEC, at | MAP_SHARE,
			MIN((end - at) / PAGE, RANGE_MAX))
				.error;
	return error == ENOMEM ? 0 : error;
}
