/* What a fault in a region means, and what fork does to each: see clients.h. */
#include "lib/compiler.h"
#include "user/lib/errno.h"
#include "user/pager/clients.h"

#define PAGE 4096u
#define BATCH_MAX 16u
#define NEAR (8 * PAGE)  /* a hole that is not worth a call of its own */
#define SMALL (2 * PAGE) /* a stack that is copied by fork */

enum verdict client_judge(const struct region *region, u32 label)
{
	if (!region || (FAULT_WRITE(label) && !(region->prot & PROT_WRITE)) ||
		(FAULT_FETCH(label) && !(region->prot & PROT_EXEC)))
		return FAULT_DEATH;
	if (!FAULT_PRESENT(label))
		return FAULT_BRING;
	return FAULT_WRITE(label) ? FAULT_COPY : FAULT_AGAIN;
}

u32 region_batch(const struct client *client, struct region *region, u32 page)
{
	u32 left;

	if (region->kind != REGION_HEAP)
		return 1;
	left = (ALIGN_UP(client->heap_end, PAGE) - page) / PAGE;
	region->batch = page == region->next ? MIN(region->batch * 2, BATCH_MAX) : 1;
	return MIN(region->batch, left);
}

void region_brought(struct region *region, u32 page, u32 end)
{
	region->low = MIN(region->low, page);
	region->high = MAX(region->high, end);
	region->next = end;
}

/* ---- fork ---- */

static bool has_pages(const struct region *region) { return region->low < region->high; }

static enum span_kind kind_of(const struct region *region)
{
	if (region->kind == REGION_SHARED)
		return SPAN_SHARED;
	return region->kind == REGION_STACK && region->high - region->low <= SMALL ? SPAN_COPIED
										   : SPAN_PRIVATE;
}

static bool goes_with(const struct span *span, const struct region *region)
{
	return span->kind == kind_of(region) && region->low - span->end < NEAR;
}

bool client_next_span(const struct client *client, u32 *next, struct span *span)
{
	const struct region *region = client->region;

	while (*next < client->regions && !has_pages(&region[*next]))
		++*next;
	if (*next == client->regions)
		return false;
	*span = (struct span){ region[*next].low, region[*next].high, kind_of(&region[*next]) };
	while (++*next < client->regions &&
		(!has_pages(&region[*next]) || goes_with(span, &region[*next])))
		if (has_pages(&region[*next]))
			span->end = region[*next].high;
	return true;
}
