/* Checks frames with owners: see frame_check.h. */
#include "tests/checkers/frame_check.h"

#include "arch/x86/paging/pgtable.h"
#include "lib/abi/abi.h"
#include "mm/boot/ram_layout.h"
#include "mm/user/account.h"

/* ---- A frame, by its records; maps_lock held ---- */

static bool says_the_same(pte_t pte, u32 prot)
{
	if (!(pte.v & _PAGE_RW) != !(prot & PROT_WRITE))
		return false;
	return !pte_nx_bit || !(pte.v & pte_nx_bit) == !!(prot & PROT_EXEC);
}

static const char *record_check(const struct page *page, const struct mapping *record)
{
	uintptr_t address = record->place & PAGE_MASK;
	const pte_t *pte = mm_pte(record->mm, address);

	if (!pte || !pte_present(*pte) || pte_pfn(*pte) != page_to_pfn(page))
		return "a record has no entry (54)";
	if (!says_the_same(*pte, record->place))
		return "a record and its entry have other rights (54)";
	for (const struct mapping *older = record->next; older; older = older->next)
		if (older->mm == record->mm && (older->place & PAGE_MASK) == address)
			return "an entry has two records (54)";
	return NULL;
}

static const char *frame_check(const struct page *page)
{
	u32 mappings = 0, rights = 0;
	bool owner_maps = false;

	if (page->flags & (PG_BUDDY | PG_PERCPU | PG_RESERVED | PG_OBJECTS))
		return "a frame with an owner is used for something else (58)";
	for (const struct mapping *record = page->mappings; record; record = record->next) {
		const char *wrong = record_check(page, record);

		if (wrong)
			return wrong;
		mappings++;
		rights |= record->place;
		owner_maps = owner_maps || record->mm == page->owner;
	}
	if (!owner_maps)
		return "a frame's owner does not map it (58)";
	if ((u32)atomic_read(&page->count) < mappings)
		return "a frame has more mappings than users (58)";
	if ((rights & PROT_WRITE) && (rights & PROT_EXEC))
		return "a frame is writable and executable (53)";
	return NULL;
}

const char *frames_check(pfn_t *where)
{
	const char *wrong = NULL;

	spin_lock(&maps_lock);
	for (*where = 0; *where < max_pfn; ++*where) {
		const struct page *page = pfn_to_page(*where);

		wrong = (page->flags & PG_USER) ? frame_check(page) : NULL;
		if (wrong)
			break;
	}
	spin_unlock(&maps_lock);
	return wrong;
}

/* ---- An address space, by its entries; maps_lock held ---- */

struct found {
	u32 pages;   /* entries */
	u32 records; /* of their frames, for them */
	u32 owned;   /* frames */
	const char *wrong;
};

/* The newest record of a frame in an address space; NULL: none. */
static const struct mapping *newest(const struct page *page, const struct mm *mm)
{
	const struct mapping *record = page->mappings;

	while (record && record->mm != mm)
		record = record->next;
	return record;
}

static bool has_record(const struct page *page, const struct mm *mm, uintptr_t address)
{
	const struct mapping *record = page->mappings;

	while (record && (record->mm != mm || (record->place & PAGE_MASK) != address))
		record = record->next;
	return record;
}

static void look_at_entry(struct mm *mm, uintptr_t address, pte_t pte, struct found *found)
{
	const struct page *page;

	if (pte_none(pte))
		return;
	found->pages++;
	page = pte_pfn(pte) < max_pfn ? pfn_to_page(pte_pfn(pte)) : NULL;
	if (!page || !(page->flags & PG_USER))
		return;
	if (!has_record(page, mm, address)) {
		found->wrong = "an entry has no record (54)";
		return;
	}
	found->records++;
	/* One that is mapped twice here is owned once. */
	if (page->owner == mm && (newest(page, mm)->place & PAGE_MASK) == address)
		found->owned++;
	found->wrong = frame_check(page);
}

static struct found look_at_space(struct mm *mm)
{
	struct found found = {};

	for (uintptr_t table = 0; table < USER_TOP && !found.wrong; table += PMD_SIZE) {
		uintptr_t end = mm_pte(mm, table) ? table + PMD_SIZE : table;

		for (uintptr_t at = table; at < end && !found.wrong; at += PAGE_SIZE)
			look_at_entry(mm, at, *mm_pte(mm, at), &found);
	}
	return found;
}

const char *space_check(struct mm *mm)
{
	struct found found;
	u32 charge;

	spin_lock(&maps_lock);
	found = look_at_space(mm);
	charge = (found.owned + mm->tables) * PAGE_SIZE +
		 found.records * (u32)sizeof(struct mapping);
	spin_unlock(&maps_lock);
	if (found.wrong)
		return found.wrong;
	if (found.pages != mm->pages)
		return "an address space has more or fewer entries than it counts (67)";
	if ((u32)atomic_read(&mm->account->used) != charge)
		return "an account is not what its address space has (59)";
	return NULL;
}
