/*
 * wrong: fork copies every page at once: right, but neither fast nor copy-on-write.
 * test: shares
 * hint: gives the child the parent's frames
 */
static u32 share(u32 from, u32 to, u32 start, u32 end)
{
	for (u32 at = start; at < end; at += PAGE) {
		struct result result =
			mem_map(to, from, at | PROT_READ | PROT_WRITE, at | MAP_COPY, 1);

		if (result.error && result.error != EFAULT)
			return result.error;
	}
	return 0;
}
