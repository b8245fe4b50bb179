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

/* A piece of what is shared: pages of it that are there, and records for their new mappings. */
struct piece {
	u32 end;         /* the first page of the range behind it */
	u32 found, next; /* pages in page[]; the next one to be shared */
	u32 made, used;  /* records, for pages from `next` on */
	u16 page[PIECE_PAGES];
	struct mapping *record[PIECE_PAGES];
};
_Static_assert(PIECE_PAGES <= RECORDS_AT_ONCE, "a piece has too many pages");

/* Takes write from a source page, if it has it.  True if a CPU may still hold it. */
static bool take_write(struct mm *mm, uintptr_t address, const struct source *source)
{
	if (!(source->prot & PROT_WRITE))
		return false;
	user_entry_protect(mm, address, source->record, source->prot & ~PROT_WRITE);
	return true;
}

/* From page i to the piece's end, or as far as one hold goes: then the piece ends there. */
static void take_writes(const struct range *from, u32 i, struct piece *piece)
{
	struct source source;
	bool any = false;

	spin_lock(&maps_lock);
	source_begin(&source);
	for (; i < piece->end && source.steps < RECORDS_A_HOLD; i++) {
		int error = source_look(from->mm, at(from, i), &source);

		if (error != -EFAULT)
			piece->page[piece->found++] = (u16)i;
		if (!error)
			any = take_write(from->mm, at(from, i), &source) || any;
	}
	spin_unlock(&maps_lock);
	if (any)
		flush_tlb_mm(&from->mm->tlb);
	piece->end = i;
}

/* A page whose write has been taken and flushed.  -EFAULT: it has changed since. */
static int share_one(const struct range *to, const struct range *from, u32 i, u32 prot,
	struct source *source, struct mapping *record)
{
	int error = source_look(from->mm, at(from, i), source);

	if (!error && source->prot & PROT_WRITE)
		error = -EFAULT;
	return error ? error : source_map(source, to->mm, at(to, i), prot & ~PROT_WRITE, record);
}

/* As many as there are records for, and one hold allows. */
static int share_hold(
	const struct range *to, const struct range *from, u32 prot, struct piece *piece)
{
	struct source source;
	int error = 0;

	spin_lock(&maps_lock);
	source_begin(&source);
	while (piece->next < piece->found && piece->used < piece->made &&
		source.steps < RECORDS_A_HOLD) {
		error = share_one(to, from, piece->page[piece->next], prot, &source,
			piece->record[piece->used]);
		if (error && error != -EFAULT)
			break;
		piece->used += !error;
		piece->next++;
		error = 0;
	}
	spin_unlock(&maps_lock);
	return error;
}

/* More records, if there is none left.  0, or why there are none. */
static int take_records(struct mm *mm, struct piece *piece)
{
	int error = 0;

	if (piece->used == piece->made) {
		piece->used = 0;
		piece->made =
			mapping_alloc_many(mm, piece->record, piece->found - piece->next, &error);
	}
	return error;
}

/* Records of later pages are not in the way of the tables for the next one. */
static int make_tables(struct mm *mm, uintptr_t address, struct piece *piece)
{
	u32 kept = piece->used + 1;
	int error = mm_make_tables(mm, address);

	if (error != -EQUOTA || piece->made == kept)
		return error;
	mapping_free_many(mm, piece->record + kept, piece->made - kept);
	piece->made = kept;
	return mm_make_tables(mm, address);
}

/* *done: the page that failed, or the piece's end. */
static int share_piece(
	const struct range *to, const struct range *from, u32 prot, struct piece *piece, u32 *done)
{
	int error = 0;

	while (piece->next < piece->found && !error) {
		error = take_records(to->mm, piece);
		if (!error)
			error = share_hold(to, from, prot, piece);
		if (error == -EAGAIN)
			error = make_tables(to->mm, at(to, piece->page[piece->next]), piece);
	}
	mapping_free_many(to->mm, piece->record + piece->used, piece->made - piece->used);
	*done = error ? piece->page[piece->next] : piece->end;
	return error;
}

static bool ranges_overlap(const struct range *a, const struct range *b)
{
	return a->mm == b->mm && at(a, 0) < at(b, b->n) && at(b, 0) < at(a, a->n);
}

int user_share(const struct range *to, const struct range *from, u32 prot, u32 *done)
{
	int error = ranges_overlap(to, from) ? -EINVAL : 0;

	for (*done = 0; *done < to->n && !error;) {
		struct piece piece;

		piece.end = MIN(*done + PIECE_PAGES, to->n);
		piece.found = piece.next = piece.made = piece.used = 0;
		take_writes(from, *done, &piece);
		error = share_piece(to, from, prot, &piece, done);
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
	struct source source;
	bool flush = false;
	int error = 0;

	spin_lock(&maps_lock);
	source_begin(&source);
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
