/*
 * wrong: copies a small stack with one call, which fails where a page is not there.
 * test: holes
 * hint: MAP stop at them with EFAULT
 */
static u32 copy_pages(u32 from, u32 to, u32 start, u32 end)
{
	return mem_map(
		to, from, start | PROT_READ | PROT_WRITE, start | MAP_COPY, (end - start) / PAGE)
		.error;
}
