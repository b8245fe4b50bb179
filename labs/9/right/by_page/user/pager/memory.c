/* Page by page, and the last owner's right is tried before a copy. */
#include "user/pager/memory.h"

#include "lib/compiler.h"
#include "user/pager/death.h"

#define ENDS 5u /* any answer to a fault but 0 */

/* All that a sweep asks for, one call for each page; the first must come. */
static u32 bring(u32 number, struct region *region, u32 page)
{
	u32 wanted = region_batch(client_at(number), region, page), task = client_task(number);
	u32 at = page, error = 0;

	while (wanted-- && !error) {
		error = mem_alloc(task, 0, at | region->prot, 1, 0).error;
		at += error ? 0 : PAGE;
	}
	region_brought(region, page, at == page ? page + PAGE : at);
	return at > page || error == EEXIST ? 0 : error;
}

/* A right can be added only while nobody else has the frame. */
static u32 copy(u32 number, const struct region *region, u32 page)
{
	u32 task = client_task(number);

	if (!mem_map(task, 0, page | region->prot, MAP_PROTECT, 1).error)
		return 0;
	return mem_map(task, task, page | region->prot, page | MAP_REPLACE | MAP_COPY, 1).error;
}

static u32 serve_page(u32 number, const struct request *request)
{
	u32 page = request->word[0] / PAGE * PAGE;
	struct region *region = client_region(client_at(number), request->word[0]);
	enum verdict verdict = client_judge(region, request->label);

	if (verdict == FAULT_BRING)
		return bring(number, region, page);
	if (verdict == FAULT_COPY)
		return copy(number, region, page);
	return verdict == FAULT_AGAIN ? 0 : EFAULT;
}

void memory_fault(u32 number, const struct request *request, struct answer *answer)
{
	u32 error = EFAULT, pid;

	if (client_at(number)->ended) {
		answer->error = ENDS;
		return;
	}
	if (FAULT_VECTOR(request->label) == VECTOR_PAGE_FAULT)
		error = serve_page(number, request);
	if (error == ENOMEM && memory_relieve(number, 0, &pid))
		error = 0;
	if (error) {
		death_record(number, request, error);
		memory_end(number);
		answer->error = ENDS;
	}
}

/* Holes are EFAULT for COPY and MAP, and nothing for SHARE. */
static u32 give_page(u32 from, u32 to, u32 page, enum span_kind kind)
{
	u32 prot = kind == SPAN_PRIVATE ? PROT_READ | PROT_EXEC : PROT_READ | PROT_WRITE;
	u32 way = kind == SPAN_SHARED ? MAP_MAP : kind == SPAN_COPIED ? MAP_COPY : MAP_SHARE;
	u32 error = mem_map(to, from, page | prot, page | way, 1).error;

	return error == EFAULT ? 0 : error;
}

u32 memory_fork(u32 parent, u32 child)
{
	u32 from = client_task(parent), to = client_task(child), next = 0, error = 0;
	struct span span;

	while (!error && client_next_span(client_at(parent), &next, &span))
		for (u32 page = span.start; page < span.end && !error; page += PAGE)
			error = give_page(from, to, page, span.kind);
	return error;
}

void memory_remove(u32 number, u32 start, u32 end)
{
	for (; start < end; start += PAGE)
		mem_unmap(client_task(number), start, 1);
}
