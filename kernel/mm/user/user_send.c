/* Pages in messages: see user_send.h. */
#include "mm/user/user_send.h"

#include "lib/abi/abi.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "mm/pages/page_alloc.h"
#include "mm/user/account.h"
#include "mm/user/user_entry.h"
#include "mm/user/user_page.h"
#include "mm/wait.h"

/* What the entries at the receiver need, made beforehand; and what has left the sender. */
struct supplies {
	struct mm *to;
	struct mapping *records; /* one for each page */
	u32 charged;             /* pages that the receiver was charged for */
	u32 granted;
	struct page *page[MESSAGE_ITEMS * SEND_PAGES_MAX];
};

static void give_back(struct supplies *supplies)
{
	while (supplies->records) {
		struct mapping *record = supplies->records;

		supplies->records = record->next;
		mapping_free(supplies->to, record);
	}
	account_return(supplies->to->account, supplies->charged * PAGE_SIZE);
	supplies->charged = 0;
}

static int supply_page(struct supplies *supplies, uintptr_t address, bool grant)
{
	struct mapping *record;
	int error = mm_make_tables(supplies->to, address);

	if (error)
		return error;
	record = mapping_alloc(supplies->to, &error);
	if (!record)
		return error;
	record->next = supplies->records;
	supplies->records = record;
	if (!grant)
		return 0;
	if (!account_charge(supplies->to->account, PAGE_SIZE))
		return -EQUOTA;
	supplies->charged++;
	return 0;
}

static int supply(struct supplies *supplies, const struct page_item *items, u32 n)
{
	for (u32 item = 0; item < n; item++)
		for (u32 i = 0; i < items[item].from.n; i++) {
			int error =
				supply_page(supplies, at(&items[item].to, i), items[item].grant);

			if (error)
				return error;
		}
	return 0;
}

/* Whether one page could be sent now; maps_lock held.  *steps: records looked at for all. */
static int check_page(const struct page_item *item, u32 i, u32 *steps)
{
	struct page *page = user_frame_at(item->from.mm, at(&item->from, i));
	const pte_t *place = mm_pte(item->to.mm, at(&item->to, i));

	if (!page)
		return -EFAULT;
	if ((page->flags & PG_REVOKED) || (item->grant && page->owner != item->from.mm))
		return -EPERM;
	if (!(frame_mapping(page, item->from.mm, at(&item->from, i), steps)->place & item->prot &
		    PROT_MASK))
		return -EPERM;
	if (atomic_read(&page->count) >= FRAME_MAPPINGS_MAX || *steps > RECORDS_A_HOLD)
		return -ENOMEM;
	if (!place)
		return -EAGAIN;
	return pte_none(*place) ? 0 : -EEXIST;
}

/* The ranges at the receiver may not overlap: its second item would find the first one's pages. */
static bool overlap(const struct range *a, const struct range *b)
{
	return a->mm == b->mm && a->address < at(b, b->n) && b->address < at(a, a->n);
}

static int check_all(const struct page_item *items, u32 n)
{
	u32 steps = 0;

	if (n == 2 && (overlap(&items[0].to, &items[1].to) ||
			      (items[0].grant && overlap(&items[0].from, &items[1].from)) ||
			      (items[1].grant && overlap(&items[0].from, &items[1].from))))
		return -EEXIST;
	for (u32 item = 0; item < n; item++)
		for (u32 i = 0; i < items[item].from.n; i++) {
			int error = check_page(&items[item], i, &steps);

			if (error)
				return error;
		}
	return 0;
}

/* It has been checked; maps_lock has been held since. */
static void move_page(struct supplies *supplies, const struct page_item *item, u32 i)
{
	uintptr_t from = at(&item->from, i), to = at(&item->to, i);
	struct page *page = user_frame_at(item->from.mm, from);
	struct mapping *record = supplies->records;
	u32 steps = 0;
	u32 prot = frame_mapping(page, item->from.mm, from, &steps)->place & item->prot & PROT_MASK;

	ASSERT(record, "a page of a message has no record");
	supplies->records = record->next;
	user_entry_set(item->to.mm, to, page, prot);
	frame_map(page, record, to, prot);
	get_page(page);
	if (!item->grant)
		return;
	/* The old entry's count stays until every CPU has forgotten that entry. */
	supplies->page[supplies->granted++] = page;
	frame_give(page, item->to.mm);
	user_entry_clear(item->from.mm, from);
	mapping_free(item->from.mm, frame_unmap(page, item->from.mm, from));
	supplies->charged--;
}

static void move_all(struct supplies *supplies, const struct page_item *items, u32 n)
{
	for (u32 item = 0; item < n; item++)
		for (u32 i = 0; i < items[item].from.n; i++)
			move_page(supplies, &items[item], i);
}

static int check_and_move(struct supplies *supplies, const struct page_item *items, u32 n)
{
	int error;

	spin_lock(&maps_lock);
	error = check_all(items, n);
	if (!error)
		move_all(supplies, items, n);
	spin_unlock(&maps_lock);
	return error;
}

/* The receiver may have unmapped a page meanwhile: then it is freed here. */
static void let_go(struct supplies *supplies, struct mm *from)
{
	if (!supplies->granted)
		return;
	flush_tlb_mm(&from->tlb);
	while (supplies->granted)
		put_page(supplies->page[--supplies->granted]);
}

int user_send(const struct page_item *items, u32 n)
{
	struct supplies supplies;
	int error;

	supplies.to = items[0].to.mm;
	supplies.records = NULL;
	supplies.charged = supplies.granted = 0;
	do {
		cond_resched();
		error = supply(&supplies, items, n);
		if (!error)
			error = check_and_move(&supplies, items, n);
		give_back(&supplies);
	} while (error == -EAGAIN);
	let_go(&supplies, items[0].from.mm);
	return error;
}
