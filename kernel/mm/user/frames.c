/* Owners and mappings of user frames: see frames.h. */
#include "mm/user/frames.h"

#include "lib/abi/abi.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "mm/objects/objcache.h"
#include "mm/pages/page_alloc.h"
#include "mm/user/account.h"

struct spinlock maps_lock = SPINLOCK_INIT("maps");
static struct object_cache mapping_cache;

void frames_init(void)
{
	object_cache_init(
		&mapping_cache, "mapping", sizeof(struct mapping), __alignof__(struct mapping));
}

struct mapping *mapping_alloc(struct mm *mm, int *error)
{
	struct mapping *record;

	if (!account_charge(mm->account, sizeof(*record))) {
		*error = -EQUOTA;
		return NULL;
	}
	record = object_alloc(&mapping_cache, GFP_KERNEL);
	if (!record) {
		account_return(mm->account, sizeof(*record));
		*error = -ENOMEM;
		return NULL;
	}
	record->mm = mm;
	return record;
}

/* Near its limit a task gets them one by one. */
u32 mapping_alloc_many(struct mm *mm, struct mapping **records, u32 n, int *error)
{
	const u32 size = sizeof(**records);
	u32 made;

	if (!account_charge(mm->account, n * size)) {
		records[0] = mapping_alloc(mm, error);
		return records[0] ? 1 : 0;
	}
	made = object_alloc_many(&mapping_cache, GFP_KERNEL, (void **)records, n);
	account_return(mm->account, (n - made) * size);
	for (u32 i = 0; i < made; i++)
		records[i]->mm = mm;
	if (!made)
		*error = -ENOMEM;
	return made;
}

void mapping_free_many(struct mm *mm, struct mapping *const *records, u32 n)
{
	account_return(mm->account, n * (u32)sizeof(**records));
	object_free_many(&mapping_cache, (void *const *)records, n);
}

void mapping_free(struct mm *mm, struct mapping *record)
{
	account_return(mm->account, sizeof(*record));
	object_free(&mapping_cache, record);
}

void frame_begin(struct page *page, struct mm *owner)
{
	page->flags |= PG_USER;
	page->mappings = NULL;
	page->owner = owner;
}

struct mapping *frame_find_mapping(
	const struct page *page, const struct mm *mm, uintptr_t address, u32 *steps)
{
	struct mapping *record = page->mappings;

	for (++*steps; record && !mapping_is_at(record, mm, address); ++*steps)
		record = record->next;
	INVARIANT(54, record, "frame 0x%x has no record of its entry at %x", page_to_pfn(page),
		(u32)address);
	return record;
}

void frame_give(struct page *page, struct mm *to)
{
	account_return(page->owner->account, PAGE_SIZE);
	page->owner = to;
}

void frame_never_mapped(struct page *page)
{
	page->flags &= ~(PG_USER | PG_REVOKED);
	list_init(&page->list);
}

/* Its last mapping has gone: it is a page like any other. */
static void frame_end(struct page *page)
{
	account_return(page->owner->account, PAGE_SIZE);
	frame_never_mapped(page);
}

static bool maps_frame(const struct page *page, const struct mm *mm)
{
	for (const struct mapping *record = page->mappings; record; record = record->next)
		if (record->mm == mm)
			return true;
	return false;
}

static struct mm *oldest_mapper(const struct page *page)
{
	const struct mapping *record = page->mappings;

	while (record->next)
		record = record->next;
	return record->mm;
}

struct mapping *frame_unmap(struct page *page, struct mm *mm, uintptr_t address)
{
	struct mapping **link = &page->mappings, *record;

	while (*link && !mapping_is_at(*link, mm, address))
		link = &(*link)->next;
	record = *link;
	INVARIANT(54, record, "frame 0x%x has no record of its entry at %x", page_to_pfn(page),
		(u32)address);
	*link = record->next;
	if (!page->mappings) {
		frame_end(page);
	} else if (page->owner == mm && !maps_frame(page, mm)) {
		struct mm *heir = oldest_mapper(page);

		account_force(heir->account, PAGE_SIZE);
		frame_give(page, heir);
	}
	return record;
}
