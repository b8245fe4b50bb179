/* The least that is right: one span a region, nothing copied at fork, two sizes of batches. */
#include "lib/compiler.h"
#include "user/lib/errno.h"
#include "user/pager/clients.h"

#define PAGE 4096u
#define AHEAD 8u

static bool may(const struct region *region, u32 label)
{
	u32 wanted = (FAULT_WRITE(label) ? PROT_WRITE : 0u) | (FAULT_FETCH(label) ? PROT_EXEC : 0u);

	return !(wanted & ~region->prot);
}

enum verdict client_judge(const struct region *region, u32 label)
{
	static const enum verdict verdicts[2][2] = { { FAULT_BRING, FAULT_BRING },
		{ FAULT_AGAIN, FAULT_COPY } };

	if (!region || !may(region, label))
		return FAULT_DEATH;
	return verdicts[!!FAULT_PRESENT(label)][!!FAULT_WRITE(label)];
}

u32 region_batch(const struct client *client, struct region *region, u32 page)
{
	if (region->kind != REGION_HEAP || page != region->next)
		return 1;
	return MIN(AHEAD, (client->heap_end - page + PAGE - 1) / PAGE);
}

void region_brought(struct region *region, u32 page, u32 end)
{
	if (page < region->low)
		region->low = page;
	if (end > region->high)
		region->high = end;
	region->next = end;
}

bool client_next_span(const struct client *client, u32 *next, struct span *span)
{
	for (; *next < client->regions; ++*next) {
		const struct region *region = &client->region[*next];

		if (region->low >= region->high)
			continue;
		span->start = region->low;
		span->end = region->high;
		span->kind = region->kind == REGION_SHARED ? SPAN_SHARED : SPAN_PRIVATE;
		++*next;
		return true;
	}
	return false;
}
