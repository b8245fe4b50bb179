/* Mappings taken away: see user_revoke.h. */
#include "mm/user/user_revoke.h"

#include "lib/errno.h"
#include "mm/pages/page_alloc.h"
#include "mm/user/user_entry.h"
#include "mm/user/user_page.h"
#include "mm/wait.h"

/* Entries of a frame that are cleared before a flush. */
#define PIECE_ENTRIES 64u

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
	while ((page->flags & PG_USER) && revoked->entries < PIECE_ENTRIES) {
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
	struct source source;
	int error;

	spin_lock(&maps_lock);
	source_begin(&source);
	error = source_look(mm, address, &source);
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
