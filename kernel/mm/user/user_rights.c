/* Rights of ranges: see user_rights.h. */
#include "mm/user/user_rights.h"

#include "lib/abi/abi.h"
#include "lib/bitops.h"
#include "lib/errno.h"
#include "mm/user/user_entry.h"
#include "mm/user/user_page.h"
#include "mm/wait.h"

/* Pages between two looks for a reschedule, and before a flush. */
#define PIECE_PAGES 64u

/* The source still maps what it shares, without write. */
static int do_share(const struct source *source, const struct range *from, uintptr_t from_at,
	struct mm *to, uintptr_t address, u32 prot, struct mapping *record)
{
	(void)from;
	(void)from_at;
	if (source->prot & PROT_WRITE)
		return -EFAULT;
	return source_map(source, to, address, prot & ~PROT_WRITE, record);
}

/* Takes write from a source page, if it has it.  True if a CPU may still hold it. */
static bool take_write(struct mm *mm, uintptr_t address, const struct source *source)
{
	if (!(source->prot & PROT_WRITE))
		return false;
	user_entry_protect(mm, address, source->record, source->prot & ~PROT_WRITE);
	return true;
}

/*
 * From page i on, as far as one hold goes; returns the first page that is left.  `there` gets a bit
 * for each page that was found.
 */
static u32 take_writes(const struct range *from, u32 i, u32 end, u32 *there)
{
	struct source source = {};
	bool any = false;

	spin_lock(&maps_lock);
	for (u32 n = 0; i < end && source.steps < RECORDS_A_HOLD; i++, n++) {
		int error = source_look(from->mm, at(from, i), &source);

		if (error != -EFAULT)
			bit_set(there, n);
		if (!error)
			any = take_write(from->mm, at(from, i), &source) || any;
	}
	spin_unlock(&maps_lock);
	if (any)
		flush_tlb_mm(&from->mm->tlb);
	return i;
}

/* Pages [*done, end) that are there, whose writes have been taken and flushed. */
static int share_piece(const struct range *to, const struct range *from, u32 prot, u32 end,
	const u32 *there, u32 *done)
{
	for (u32 n = 0; *done < end; ++*done, n++) {
		int error;

		if (!bit_test(there, n))
			continue;
		error = user_map_from(from, at(from, *done), to->mm, at(to, *done), prot, do_share);
		if (error && error != -EFAULT)
			return error;
	}
	return 0;
}

int user_share(const struct range *to, const struct range *from, u32 prot, u32 *done)
{
	int error = 0;

	for (*done = 0; *done < to->n && !error;) {
		u32 there[(PIECE_PAGES + 31) / 32] = { 0 };
		u32 end = take_writes(from, *done, MIN(*done + PIECE_PAGES, to->n), there);

		error = share_piece(to, from, prot, end, there, done);
		cond_resched();
	}
	return error;
}

static int protect_one(
	struct mm *mm, uintptr_t address, u32 prot, struct source *source, bool *flush)
{
	int error = source_look(mm, address, source);

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
