/* Ranges of pages mapped: see user_map.h. */
#include "mm/user/user_map.h"

#include "lib/abi/abi.h"
#include "lib/errno.h"
#include "mm/pages/page_alloc.h"
#include "mm/pkmap/kmap_atomic.h"
#include "mm/user/account.h"
#include "mm/user/user_entry.h"
#include "mm/user/user_page.h"
#include "mm/wait.h"

/* ---- New pages ---- */

/* A frame charged to the address space.  NULL with *error. */
static struct page *charged_page(struct mm *mm, u32 gfp, int *error)
{
	struct page *page;

	if (!account_charge(mm->account, PAGE_SIZE)) {
		*error = -EQUOTA;
		return NULL;
	}
	page = alloc_page(gfp);
	if (!page) {
		account_return(mm->account, PAGE_SIZE);
		*error = -ENOMEM;
	}
	return page;
}

static int alloc_one(struct mm *mm, uintptr_t address, u32 prot)
{
	int error;
	struct page *page = charged_page(mm, GFP_HIGHUSER | __GFP_ZERO, &error);

	return page ? user_place_page(mm, address, page, prot, false) : error;
}

int user_alloc(const struct range *to, u32 prot, u32 *done)
{
	for (*done = 0; *done < to->n; ++*done) {
		int error = alloc_one(to->mm, at(to, *done), prot);

		if (error)
			return error;
		cond_resched();
	}
	return 0;
}

__cold int user_map_device(const struct range *to, u32 prot, pfn_t pfn, u32 *done)
{
	for (*done = 0; *done < to->n; ++*done) {
		int error = mm_make_tables(to->mm, at(to, *done));

		if (!error)
			error = mm_map_frame(to->mm, at(to, *done), pfn + *done,
				user_entry_flags(prot) | _PAGE_PCD | _PAGE_PWT);
		if (error)
			return error;
	}
	return 0;
}

/* ---- Pages of another place ---- */

static int do_map(struct source *source, const struct range *from, uintptr_t from_at, struct mm *to,
	uintptr_t address, u32 prot, struct mapping *record)
{
	(void)from;
	(void)from_at;
	return source_map(source, to, address, prot, record);
}

/* `to` has been charged for the frame. */
static __cold int do_grant(struct source *source, const struct range *from, uintptr_t from_at,
	struct mm *to, uintptr_t address, u32 prot, struct mapping *record)
{
	struct page *page = source->page;
	int error;

	if (page->owner != from->mm)
		return -EPERM;
	error = source_map(source, to, address, prot, record);
	if (error)
		return error;
	frame_give(page, to);
	user_entry_clear(from->mm, from_at);
	mapping_free(from->mm, frame_unmap(page, from->mm, from_at));
	return 0;
}

int user_map(const struct range *to, const struct range *from, u32 prot, u32 *done)
{
	for (*done = 0; *done < to->n; ++*done) {
		int error =
			user_map_from(from, at(from, *done), to->mm, at(to, *done), prot, do_map);

		if (error)
			return error;
		cond_resched();
	}
	return 0;
}

/*
 * The entry at the source has gone, and with it its count: the frame's new mapping has brought one
 * of its own, so this one is dropped when every CPU has forgotten the old entry.
 */
static __cold int grant_one(
	const struct range *from, uintptr_t from_at, struct mm *to, uintptr_t address, u32 prot)
{
	struct page *page = user_page_get(from->mm, from_at, PROT_READ);
	int error;

	if (!page)
		return -EFAULT;
	if (!account_charge(to->account, PAGE_SIZE)) {
		put_page(page);
		return -EQUOTA;
	}
	error = user_map_from(from, from_at, to, address, prot, do_grant);
	if (error) {
		account_return(to->account, PAGE_SIZE);
	} else {
		flush_tlb_page(&from->mm->tlb, from_at);
		put_page(page); /* the old entry's */
	}
	put_page(page);
	return error;
}

int user_grant(const struct range *to, const struct range *from, u32 prot, u32 *done)
{
	for (*done = 0; *done < to->n; ++*done) {
		int error = grant_one(from, at(from, *done), to->mm, at(to, *done), prot);

		if (error)
			return error;
		cond_resched();
	}
	return 0;
}

/* ---- Copies ---- */

static int copy_one(struct mm *from, uintptr_t from_at, struct mm *to, uintptr_t address, u32 prot,
	bool replace)
{
	struct page *source = user_page_get(from, from_at, PROT_READ), *page;
	int error = -EFAULT;

	if (!source)
		return error;
	page = charged_page(to, GFP_HIGHUSER, &error);
	if (!page) {
		put_page(source);
		return error;
	}
	copy_page(page, source);
	put_page(source);
	return user_place_page(to, address, page, prot, replace);
}

/*
 * The page onto itself: if nobody else maps the frame there is nothing to copy, and the mapping
 * gets the rights.  True if that was it.
 */
static bool copied_in_place(struct mm *mm, uintptr_t address, u32 prot)
{
	struct source source;
	bool alone;

	spin_lock(&maps_lock);
	source_begin(&source);
	alone = source_look(mm, address, &source) == 0 && frame_mapped_once(source.page) &&
		source.page->owner == mm;
	if (alone)
		user_entry_protect(mm, address, source.record, prot);
	spin_unlock(&maps_lock);
	if (alone)
		flush_tlb_page(&mm->tlb, address);
	return alone;
}

int user_copy(const struct range *to, const struct range *from, u32 prot, bool replace, u32 *done)
{
	bool onto_itself = replace && to->mm == from->mm && to->address == from->address;

	for (*done = 0; *done < to->n; ++*done) {
		int error = 0;

		if (!onto_itself || !copied_in_place(to->mm, at(to, *done), prot))
			error = copy_one(
				from->mm, at(from, *done), to->mm, at(to, *done), prot, replace);
		if (error)
			return error;
		cond_resched();
	}
	return 0;
}

/* ---- Single frames, for transfers ---- */

struct page *user_page_get(struct mm *mm, uintptr_t address, u32 prot)
{
	struct page *page;

	spin_lock(&mm->page_table_lock);
	page = user_frame_with(mm, address, prot);
	if (page)
		get_page(page);
	spin_unlock(&mm->page_table_lock);
	return page;
}

bool user_page_same(struct mm *mm, uintptr_t address, const struct page *page, u32 prot)
{
	return user_frame_with(mm, address, prot) == page;
}
