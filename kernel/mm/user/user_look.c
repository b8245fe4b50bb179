/* What lies in a task's address space: see user_look.h. */
#include "mm/user/user_look.h"

#include "mm/user/frames.h"
#include "mm/user/user_entry.h"
#include "mm/wait.h"

static u32 count_mappings(const struct page *page)
{
	u32 n = 0;

	for (const struct mapping *record = page->mappings; record; record = record->next)
		n++;
	return n;
}

/* maps_lock held. */
static bool look_at(struct mm *mm, uintptr_t address, struct info_map *info)
{
	const pte_t *pte = mm_pte(mm, address);
	struct page *page;
	u32 steps = 0;

	if (!pte || !pte_present(*pte))
		return false;
	page = user_frame_at(mm, address);
	*info = (struct info_map){ .address = (u32)address,
		.prot = PROT_READ | ((pte->v & _PAGE_RW) ? PROT_WRITE : 0) };
	if (page) {
		info->prot = frame_mapping(page, mm, address, &steps)->place & PROT_MASK;
		info->mappings = count_mappings(page);
		info->owned = page->owner == mm;
	}
	return true;
}

/* The next address worth a look: where no table stands a whole table's range is empty. */
static uintptr_t behind(struct mm *mm, uintptr_t address)
{
	return mm_pte(mm, address) ? address + PAGE_SIZE : ALIGN_DOWN(address, PMD_SIZE) + PMD_SIZE;
}

/* As far as one table; true if a page was found. */
static bool look_in_table(struct mm *mm, uintptr_t *at, struct info_map *info)
{
	uintptr_t end = ALIGN_DOWN(*at, PMD_SIZE) + PMD_SIZE;
	bool found = false;

	spin_lock(&maps_lock);
	while (*at < end && *at < USER_TOP && !(found = look_at(mm, *at, info)))
		*at = behind(mm, *at);
	spin_unlock(&maps_lock);
	return found;
}

bool user_next_map(struct mm *mm, uintptr_t *at, struct info_map *info)
{
	while (*at < USER_TOP) {
		if (look_in_table(mm, at, info))
			return true;
		cond_resched();
	}
	return false;
}
