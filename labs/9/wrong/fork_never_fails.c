/*
 * wrong: passes no error of fork on: a child without pages is taken for one with all.
 * test: quota
 * hint: first error
 */
u32 memory_fork(u32 parent, u32 child)
{
	static u32 (*const give[])(u32 from, u32 to, u32 start, u32 end) = {
		[SPAN_PRIVATE] = share, [SPAN_COPIED] = copy_pages, [SPAN_SHARED] = map_shared
	};
	u32 from = client_task(parent), to = client_task(child), next = 0, error = 0;
	struct span span;

	while (!error && client_next_span(client_at(parent), &next, &span))
		error = give[span.kind](from, to, span.start, span.end);
	return 0;
}
