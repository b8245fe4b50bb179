/* Regions and the heap: see clients.h. */
#include "user/pager/clients.h"

#include "lib/compiler.h"
#include "lib/string.h"
#include "user/lib/errno.h"

#define PAGE 4096u

static struct client clients[CLIENTS];

u32 client_number(u32 badge)
{
	if (badge && badge < PIDS)
		return badge;
	if (badge >= BADGE_SERVERS && badge < BADGE_OF(SERVERS))
		return PIDS + badge - BADGE_SERVERS;
	return CLIENT_NONE;
}

struct client *client_at(u32 number) { return &clients[number]; }

/* ---- Regions ---- */

static bool prot_is_valid(u32 prot)
{
	return (prot & PROT_READ) && !(prot & ~PROT_MASK) &&
	       (prot & (PROT_WRITE | PROT_EXEC)) != (PROT_WRITE | PROT_EXEC);
}

static bool region_is_valid(const struct region *region)
{
	return region->start < region->end && region->start >= USER_START &&
	       region->end <= USER_END && !(region->start % PAGE) && !(region->end % PAGE) &&
	       prot_is_valid(region->prot) && region->kind <= REGION_FILE;
}

static struct region read_region(const u32 *word)
{
	struct region region = { .start = word[0],
		.end = word[1],
		.prot = word[2] & 0xFFu,
		.kind = word[2] >> 8,
		.low = word[1],
		.high = word[0] };

	if (region.kind == REGION_FILE) {
		region.low = region.start;
		region.high = region.end;
	} else if (region.kind == REGION_STACK) {
		region.low = region.end - PAGE;
		region.high = region.end;
	}
	return region;
}

/* Into its place by address; false: it overlaps another, or is a second heap. */
static bool insert(struct client *client, const struct region *region)
{
	u32 at = client->regions;

	for (u32 i = 0; i < client->regions; i++)
		if (region->start < client->region[i].end && client->region[i].start < region->end)
			return false;
	if (region->kind == REGION_HEAP && client->heap_end)
		return false;
	while (at && client->region[at - 1].start > region->start) {
		client->region[at] = client->region[at - 1];
		at--;
	}
	client->region[at] = *region;
	client->regions++;
	if (region->kind == REGION_HEAP)
		client->heap_end = region->start;
	return true;
}

static void begin(struct client *client, u32 note)
{
	client->used = true;
	client->ended = false;
	client->note = note;
	client->has_status = false;
	client->heap_end = 0;
	client->regions = 0;
}

u32 client_define(struct client *client, u32 note, u32 regions, const u32 *words)
{
	begin(client, note);
	client->used = regions <= PAGER_REGIONS;
	for (u32 i = 0; i < regions && client->used; i++) {
		struct region region = read_region(words + 3 * i);

		client->used = region_is_valid(&region) && insert(client, &region);
	}
	return client->used ? 0 : EINVAL;
}

void client_remember(struct client *client, u32 note, u32 status)
{
	if (!client->used)
		begin(client, note);
	client->note = note;
	client->has_status = true;
	client->status = status;
}

void client_fork(const struct client *parent, struct client *child, u32 note)
{
	begin(child, note);
	child->heap_end = parent->heap_end;
	child->regions = parent->regions;
	memcpy(child->region, parent->region, parent->regions * sizeof(struct region));
}

struct region *client_region(struct client *client, u32 address)
{
	for (u32 i = 0; i < client->regions; i++) {
		struct region *region = &client->region[i];

		if (address - region->start >= region->end - region->start)
			continue;
		return region->kind == REGION_HEAP && address >= client->heap_end ? NULL : region;
	}
	return NULL;
}

/* ---- The heap ---- */

static struct region *heap_of(struct client *client)
{
	for (u32 i = 0; i < client->regions; i++)
		if (client->region[i].kind == REGION_HEAP)
			return &client->region[i];
	return NULL;
}

u32 client_break(struct client *client, u32 end, u32 *unmap, u32 *unmap_end)
{
	struct region *heap = heap_of(client);

	*unmap = *unmap_end = 0;
	if (!heap || end < heap->start || end > heap->end)
		return EINVAL;
	client->heap_end = end;
	if (ALIGN_UP(end, PAGE) < heap->high) {
		*unmap = ALIGN_UP(end, PAGE);
		*unmap_end = heap->high;
		heap->high = *unmap;
	}
	return 0;
}
