/*
 * wrong: fork maps the parent's pages into the child, and nobody makes them read-only.
 * test: shares
 * hint: takes the right to write from both
 */
static u32 share(u32 from, u32 to, u32 start, u32 end)
{
	for (u32 at = start; at < end; at += PAGE) {
		struct result result =
			mem_map(to, from, at | PROT_READ | PROT_WRITE, at | MAP_MAP, 1);

		if (result.error && result.error != EFAULT)
			return result.error;
	}
	return 0;
}
