/* What tasks do to their memory: see user_map.h. */
#include "mm/user/user_map.h"

#include "lib/abi/abi.h"
#include "lib/errno.h"
#include "mm/boot/ram_layout.h"
#include "mm/pages/page_alloc.h"
#include "mm/pkmap/kmap_atomic.h"
#include "mm/user/account.h"
#include "mm/user/frames.h"
#include "mm/user/user_entry.h"
#include "mm/wait.h"

/* Pages between two looks for a reschedule, and entries changed before a flush. */
#define PIECE_PAGES 64u

static uintptr_t at(const struct range *range, u32 i) { return range->address + i * PAGE_SIZE; }

/* ---- One page into an address space ---- */

/*
 * After an entry failed: true if it was for want of its tables, which stand now, so that it is to
 * be tried again.  They may go again meanwhile, with what lies around them.
 */
static bool tables_made(struct mm *mm, uintptr_t address, int *error)
{
	if (*error != -EAGAIN)
		return false;
	*error = mm_make_tables(mm, address);
	return !*error;
}

/*
 * Enters a frame; maps_lock held.  The entry counts as one user of the page, whom the caller
 * brings. -EAGAIN: no table stands there.
 */
static int enter(
	struct mm *mm, uintptr_t address, struct page *page, u32 prot, struct mapping *record)
{
	int error = 0;
	pte_t *pte;

	spin_lock(&mm->page_table_lock);
	pte = mm_pte(mm, address);
	if (!pte)
		error = -EAGAIN;
	else if (!pte_none(*pte))
		error = -EEXIST;
	else {
		set_pte(pte, pfn_pte(page_to_pfn(page), user_entry_flags(prot)));
		mm->pages++;
	}
	spin_unlock(&mm->page_table_lock);
	if (!error)
		frame_map(page, record, address, prot);
	return error;
}

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

/*
 * Takes the frame out that is mapped at `address`, if one is; maps_lock held.  A CPU may still hold
 * its translation.
 */
static struct page *take_out(struct mm *mm, uintptr_t address)
{
	struct page *page = user_frame_at(mm, address);

	if (!page)
		return NULL;
	user_entry_clear(mm, address);
	pending_frame_mm(&page->pending, &mm->tlb);
	mapping_free(mm, frame_unmap(page, mm, address));
	return page;
}

/*
 * Gives the frame, which has been charged, its owner and its first mapping.  With `replace` it
 * takes the place of what is mapped there: in one hold, so that nobody finds the place empty.
 */
static int enter_new(struct mm *mm, uintptr_t address, struct page *page, u32 prot, bool replace)
{
	int error;
	struct page *old = NULL;
	struct mapping *record = mapping_alloc(mm, &error);

	if (!record)
		return error;
	do {
		spin_lock(&maps_lock);
		if (replace && !old)
			old = take_out(mm, address);
		frame_begin(page, mm);
		error = enter(mm, address, page, prot, record);
		if (error)
			frame_never_mapped(page);
		spin_unlock(&maps_lock);
	} while (tables_made(mm, address, &error));
	if (error)
		mapping_free(mm, record);
	if (old) {
		flush_tlb_mm(&mm->tlb);
		put_page(old);
	}
	return error;
}

/* A page of the caller's, for which the account has been charged; after an error both are gone. */
static int enter_page(struct mm *mm, uintptr_t address, struct page *page, u32 prot, bool replace)
{
	int error = enter_new(mm, address, page, prot, replace);

	if (error) {
		account_return(mm->account, PAGE_SIZE);
		put_page(page);
	}
	return error;
}

int user_enter_page(struct mm *mm, uintptr_t address, struct page *page, u32 prot)
{
	return enter_page(mm, address, page, prot, false);
}

static int alloc_one(struct mm *mm, uintptr_t address, u32 prot)
{
	int error;
	struct page *page = charged_page(mm, GFP_HIGHUSER | __GFP_ZERO, &error);

	return page ? user_enter_page(mm, address, page, prot) : error;
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

int user_map_device(const struct range *to, u32 prot, pfn_t pfn, u32 *done)
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

struct source {
	struct page *page;
	struct mapping *record;
	u32 prot;
	u32 steps; /* records passed by look() since this was {} */
};

/* The frame with an owner that is mapped at `address`; maps_lock held.  -EFAULT, -EPERM. */
static int look(struct mm *mm, uintptr_t address, struct source *source)
{
	struct page *page = user_frame_at(mm, address);

	if (!page)
		return -EFAULT;
	if (page->flags & PG_REVOKED)
		return -EPERM;
	source->page = page;
	source->record = frame_mapping(page, mm, address, &source->steps);
	source->prot = source->record->place & PROT_MASK;
	return 0;
}

/* A right that both allow; write goes first where the frame may not have it. */
static int map_locked(const struct source *source, struct mm *to, uintptr_t address, u32 prot,
	struct mapping *record)
{
	int error;

	prot &= source->prot;
	if (!prot)
		return -EPERM;
	if (atomic_read(&source->page->count) >= FRAME_MAPPINGS_MAX)
		return -ENOMEM;
	error = enter(to, address, source->page, prot, record);
	if (!error)
		get_page(source->page);
	return error;
}

/* What is done with a source once it has been looked at; maps_lock held. */
typedef int (*with_source_t)(const struct source *source, const struct range *from,
	uintptr_t from_at, struct mm *to, uintptr_t address, u32 prot, struct mapping *record);

static int do_map(const struct source *source, const struct range *from, uintptr_t from_at,
	struct mm *to, uintptr_t address, u32 prot, struct mapping *record)
{
	(void)from;
	(void)from_at;
	return map_locked(source, to, address, prot, record);
}

/* The source still maps what it shares, without write. */
static int do_share(const struct source *source, const struct range *from, uintptr_t from_at,
	struct mm *to, uintptr_t address, u32 prot, struct mapping *record)
{
	(void)from;
	(void)from_at;
	if (source->prot & PROT_WRITE)
		return -EFAULT;
	return map_locked(source, to, address, prot & ~PROT_WRITE, record);
}

/* `to` has been charged for the frame. */
static int do_grant(const struct source *source, const struct range *from, uintptr_t from_at,
	struct mm *to, uintptr_t address, u32 prot, struct mapping *record)
{
	struct page *page = source->page;
	int error;

	if (page->owner != from->mm)
		return -EPERM;
	error = map_locked(source, to, address, prot, record);
	if (error)
		return error;
	frame_give(page, to);
	user_entry_clear(from->mm, from_at);
	mapping_free(from->mm, frame_unmap(page, from->mm, from_at));
	return 0;
}

static int one_from(const struct range *from, uintptr_t from_at, struct mm *to, uintptr_t address,
	u32 prot, with_source_t with)
{
	struct source source = {};
	int error;
	struct mapping *record = mapping_alloc(to, &error);

	if (!record)
		return error;
	do {
		spin_lock(&maps_lock);
		error = look(from->mm, from_at, &source);
		if (!error)
			error = with(&source, from, from_at, to, address, prot, record);
		spin_unlock(&maps_lock);
	} while (tables_made(to, address, &error));
	if (error)
		mapping_free(to, record);
	return error;
}

int user_map(const struct range *to, const struct range *from, u32 prot, u32 *done)
{
	for (*done = 0; *done < to->n; ++*done) {
		int error = one_from(from, at(from, *done), to->mm, at(to, *done), prot, do_map);

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
static int grant_one(
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
	error = one_from(from, from_at, to, address, prot, do_grant);
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
	return enter_page(to, address, page, prot, replace);
}

/*
 * The page onto itself: if nobody else maps the frame there is nothing to copy, and the mapping
 * gets the rights.  True if that was it.
 */
static bool copied_in_place(struct mm *mm, uintptr_t address, u32 prot)
{
	struct source source = {};
	bool alone;

	spin_lock(&maps_lock);
	alone = look(mm, address, &source) == 0 && frame_mapped_once(source.page) &&
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

/* ---- Rights ---- */

/* Takes write from one source page, if it has it.  True if a CPU may still hold it. */
static bool take_write(struct mm *mm, uintptr_t address, struct source *source)
{
	if (look(mm, address, source) || !(source->prot & PROT_WRITE))
		return false;
	user_entry_protect(mm, address, source->record, source->prot & ~PROT_WRITE);
	return true;
}

/* From page i on, as far as one hold goes; returns the first page that is left. */
static u32 take_writes(const struct range *from, u32 i, u32 end)
{
	struct source source = {};
	bool any = false;

	spin_lock(&maps_lock);
	for (; i < end && source.steps < RECORDS_A_HOLD; i++)
		any = take_write(from->mm, at(from, i), &source) || any;
	spin_unlock(&maps_lock);
	if (any)
		flush_tlb_mm(&from->mm->tlb);
	return i;
}

/* Pages [*done, end), whose writes have been taken and flushed. */
static int share_piece(
	const struct range *to, const struct range *from, u32 prot, u32 end, u32 *done)
{
	for (; *done < end; ++*done) {
		int error;

		if (!user_frame_there(from->mm, at(from, *done)))
			continue;
		error = one_from(from, at(from, *done), to->mm, at(to, *done), prot, do_share);
		if (error && error != -EFAULT)
			return error;
	}
	return 0;
}

int user_share(const struct range *to, const struct range *from, u32 prot, u32 *done)
{
	int error = 0;

	for (*done = 0; *done < to->n && !error;) {
		u32 end = take_writes(from, *done, MIN(*done + PIECE_PAGES, to->n));

		error = share_piece(to, from, prot, end, done);
		cond_resched();
	}
	return error;
}

static int protect_one(
	struct mm *mm, uintptr_t address, u32 prot, struct source *source, bool *flush)
{
	int error = look(mm, address, source);

	if (error)
		return error;
	if ((prot & ~source->prot & (PROT_WRITE | PROT_EXEC)) && !frame_mapped_once(source->page))
		return -EPERM;
	*flush = *flush || (source->prot & ~prot);
	user_entry_protect(mm, address, source->record, prot);
	return 0;
}

static int protect_piece(const struct range *range, u32 prot, u32 end, u32 *done)
{
	struct source source = {};
	bool flush = false;
	int error = 0;

	spin_lock(&maps_lock);
	while (*done < end && !error && source.steps < RECORDS_A_HOLD) {
		error = protect_one(range->mm, at(range, *done), prot, &source, &flush);
		*done += !error;
	}
	spin_unlock(&maps_lock);
	if (flush)
		flush_tlb_mm(&range->mm->tlb);
	return error;
}

int user_protect(const struct range *range, u32 prot, u32 *done)
{
	int error = 0;

	for (*done = 0; *done < range->n && !error;) {
		error = protect_piece(range, prot, MIN(*done + PIECE_PAGES, range->n), done);
		cond_resched();
	}
	return error;
}

/* ---- Away ---- */

void user_unmap(const struct range *range)
{
	mm_unmap_frames(range->mm, range->address, range->address + range->n * PAGE_SIZE);
}

/* Entries of one frame that were cleared in one hold. */
struct revoked {
	u32 cpus, entries;
};

/* Clears up to a piece of the frame's entries, wherever they are; maps_lock held. */
static void revoke_some(struct page *page, struct revoked *revoked)
{
	while ((page->flags & PG_USER) && revoked->entries < PIECE_PAGES) {
		struct mm *mm = page->mappings->mm;
		uintptr_t address = page->mappings->place & PAGE_MASK;

		user_entry_clear(mm, address);
		pending_frame_mm(&page->pending, &mm->tlb);
		revoked->cpus |= tlb_users(&mm->tlb);
		revoked->entries++;
		mapping_free(mm, frame_unmap(page, mm, address));
	}
}

/* The frame is marked, and referenced: nobody maps it anew. */
static void revoke_everywhere(struct page *page)
{
	bool more;

	do {
		struct revoked revoked = {};

		spin_lock(&maps_lock);
		revoke_some(page, &revoked);
		more = page->flags & PG_USER;
		spin_unlock(&maps_lock);
		flush_tlb_cpus(revoked.cpus);
		while (revoked.entries--)
			put_page(page);
		cond_resched();
	} while (more);
}

static int revoke_one(struct mm *mm, uintptr_t address)
{
	struct source source = {};
	int error;

	spin_lock(&maps_lock);
	error = look(mm, address, &source);
	if (!error && source.page->owner != mm)
		error = -EPERM;
	if (!error) {
		source.page->flags |= PG_REVOKED;
		get_page(source.page);
	}
	spin_unlock(&maps_lock);
	if (error)
		return error;
	revoke_everywhere(source.page);
	put_page(source.page);
	return 0;
}

int user_revoke(const struct range *range, u32 *done)
{
	for (*done = 0; *done < range->n; ++*done) {
		int error = revoke_one(range->mm, at(range, *done));

		/* What is not there, or has no owner, is left out, as by user_unmap(). */
		if (error && error != -EFAULT)
			return error;
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
