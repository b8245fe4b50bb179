/*
 * wrong: goes on to the page behind the end, which is another region's.
 * test: together
 * hint: a range ends before its
 */
static u32 map_shared(u32 from, u32 to, u32 start, u32 end)
{
	u32 error = 0;

	for (u32 at = start; at <= end && !error; at += PAGE) {
		error = mem_map(to, from, at | PROT_READ | PROT_WRITE, at | MAP_MAP, 1).error;
		if (error == EFAULT)
			error = 0;
	}
	return error;
}
