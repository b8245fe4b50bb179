/* Pages of clients: brought, copied, shared, removed.  See memory.h. */
#include "user/pager/memory.h"

#include "lib/compiler.h"
#include "user/pager/death.h"

#define END_THREAD 1u /* any answer to a fault but 0 */

/* Another thread's fault may have brought pages of it: EEXIST. */
static u32 bring(u32 number, struct region *region, u32 page)
{
	u32 pages = region_batch(client_at(number), region, page);
	struct result result = mem_alloc(client_task(number), 0, page | region->prot, pages, 0);

	region_brought(region, page, page + MAX(result.word0, 1u) * PAGE);
	return result.word0 || result.error == EEXIST ? 0 : result.error;
}

/* If nobody else has the frame any more, the call copies nothing. */
static u32 copy(u32 number, const struct region *region, u32 page)
{
	u32 task = client_task(number);

	return mem_map(task, task, page | region->prot, page | MAP_COPY | MAP_REPLACE, 1).error;
}

static u32 serve_page_fault(u32 number, u32 label, u32 address)
{
	struct region *region = client_region(client_at(number), address);
	u32 page = ALIGN_DOWN(address, PAGE);

	switch (client_judge(region, label)) {
	case FAULT_BRING: return bring(number, region, page);
	case FAULT_COPY: return copy(number, region, page);
	case FAULT_AGAIN: return 0;
	default: return EFAULT;
	}
}

/* ---- Answers ---- */

/* Its memory was somebody else's fault: the thread faults again, and finds what that one had. */
static bool is_relieved(u32 number)
{
	u32 ended;

	return memory_relieve(number, 0, &ended);
}

void memory_fault(u32 number, const struct request *request, struct answer *answer)
{
	u32 error = EFAULT;

	if (client_at(number)->ended) {
		answer->error = END_THREAD;
		return;
	}
	if (FAULT_VECTOR(request->label) == VECTOR_PAGE_FAULT)
		error = serve_page_fault(number, request->label, request->word[0]);
	if (!error || (error == ENOMEM && is_relieved(number)))
		return;
	death_record(number, request, error);
	memory_end(number);
	answer->error = END_THREAD;
}

/* ---- fork ---- */

/* Neighbouring regions have other rights; none gets more than the parent's page has. */
static u32 share(u32 from, u32 to, u32 start, u32 end)
{
	u32 error = 0;

	for (u32 at = start; at < end && !error; at += RANGE_MAX * PAGE)
		error = mem_map(to, from, at | PROT_READ | PROT_EXEC, at | MAP_SHARE,
			MIN((end - at) / PAGE, RANGE_MAX))
				.error;
	return error;
}

/*
 * Both would fault before they do anything else.  A page that is not there is left to be shared:
 * COPY does not pass over holes.
 */
static u32 copy_pages(u32 from, u32 to, u32 start, u32 end)
{
	struct result copied = mem_map(
		to, from, start | PROT_READ | PROT_WRITE, start | MAP_COPY, (end - start) / PAGE);

	return copied.error == EFAULT ? share(from, to, start + copied.word0 * PAGE, end)
				      : copied.error;
}

/* Page by page: MAP does not pass over holes. */
static u32 map_shared(u32 from, u32 to, u32 start, u32 end)
{
	u32 error = 0;

	for (u32 at = start; at < end && !error; at += PAGE) {
		error = mem_map(to, from, at | PROT_READ | PROT_WRITE, at | MAP_MAP, 1).error;
		if (error == EFAULT)
			error = 0;
	}
	return error;
}

u32 memory_fork(u32 parent, u32 child)
{
	static u32 (*const give[])(u32 from, u32 to, u32 start, u32 end) = {
		[SPAN_PRIVATE] = share, [SPAN_COPIED] = copy_pages, [SPAN_SHARED] = map_shared
	};
	u32 from = client_task(parent), to = client_task(child), next = 0, error = 0;
	struct span span;

	while (!error && client_next_span(client_at(parent), &next, &span))
		error = give[span.kind](from, to, span.start, span.end);
	return error;
}

/* ---- The rest ---- */

void memory_remove(u32 number, u32 start, u32 end)
{
	for (u32 at = start; at < end; at += RANGE_MAX * PAGE)
		mem_unmap(client_task(number), at, MIN((end - at) / PAGE, RANGE_MAX));
}
