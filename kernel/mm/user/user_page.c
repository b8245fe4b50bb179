/* Single pages of tasks: see user_page.h. */
#include "mm/user/user_page.h"

#include "lib/abi/abi.h"
#include "lib/errno.h"
#include "mm/pages/page_alloc.h"
#include "mm/user/account.h"
#include "mm/user/user_entry.h"

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
static int enter(struct mm *mm, struct sweep *sweep, uintptr_t address, struct page *page, u32 prot,
	struct mapping *record)
{
	int error = 0;
	pte_t *pte;

	spin_lock(&mm->page_table_lock);
	pte = sweep_to(sweep, mm, address);
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
		error = enter(mm, &(struct sweep){}, address, page, prot, record);
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

int user_place_page(struct mm *mm, uintptr_t address, struct page *page, u32 prot, bool replace)
{
	int error = enter_new(mm, address, page, prot, replace);

	if (error) {
		account_return(mm->account, PAGE_SIZE);
		put_page(page);
	}
	return error;
}

/* ---- Pages of another place ---- */

int source_look(struct mm *mm, uintptr_t address, struct source *source)
{
	const pte_t *pte = sweep_to(&source->from, mm, address);
	struct page *page = pte ? user_frame_of(*pte) : NULL;

	if (!page)
		return -EFAULT;
	if (page->flags & PG_REVOKED)
		return -EPERM;
	source->page = page;
	source->record = frame_mapping(page, mm, address, &source->steps);
	source->prot = source->record->place & PROT_MASK;
	return 0;
}

int source_map(
	struct source *source, struct mm *to, uintptr_t address, u32 prot, struct mapping *record)
{
	int error;

	prot &= source->prot;
	if (!prot)
		return -EPERM;
	if (atomic_read(&source->page->count) >= FRAME_MAPPINGS_MAX)
		return -ENOMEM;
	error = enter(to, &source->to, address, source->page, prot, record);
	if (!error)
		get_page(source->page);
	return error;
}

int user_map_from(const struct range *from, uintptr_t from_at, struct mm *to, uintptr_t address,
	u32 prot, with_source_t with)
{
	struct source source;
	int error;
	struct mapping *record = mapping_alloc(to, &error);

	if (!record)
		return error;
	do {
		spin_lock(&maps_lock);
		source_begin(&source);
		error = source_look(from->mm, from_at, &source);
		if (!error)
			error = with(&source, from, from_at, to, address, prot, record);
		spin_unlock(&maps_lock);
	} while (tables_made(to, address, &error));
	if (error)
		mapping_free(to, record);
	return error;
}
