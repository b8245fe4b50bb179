/* What lies in a task's address space: see user_look.h. */
#include "mm/user/user_look.h"

#include "mm/user/frames.h"
#include "mm/user/user_entry.h"

/* Entries looked at in one hold of maps_lock. */
#define LOOKS_A_HOLD 64u

static u32 count_mappings(const struct page *page, u32 *steps)
{
	u32 n = 0;

	for (const struct mapping *record = page->mappings; record; record = record->next)
		n++;
	*steps += n;
	return n;
}

/* maps_lock held. */
static bool look_at(struct mm *mm, uintptr_t address, struct info_map *info, u32 *steps)
{
	const pte_t *pte = mm_pte(mm, address);
	struct page *page;

	if (!pte || !pte_present(*pte))
		return false;
	page = user_frame_at(mm, address);
	*info = (struct info_map){ .address = (u32)address,
		.prot = PROT_READ | ((pte->v & _PAGE_RW) ? PROT_WRITE : 0) };
	if (page) {
		info->prot = frame_mapping(page, mm, address, steps)->place & PROT_MASK;
		info->mappings = count_mappings(page, steps);
		info->owned = page->owner == mm;
	}
	return true;
}

/* The next address worth a look: where no table stands a whole table's range is empty. */
static uintptr_t behind(struct mm *mm, uintptr_t address)
{
	return mm_pte(mm, address) ? address + PAGE_SIZE : ALIGN_DOWN(address, PMD_SIZE) + PMD_SIZE;
}

u32 user_some_maps(struct mm *mm, uintptr_t *at, struct info_map *info, u32 room)
{
	u32 found = 0, steps = 0;

	spin_lock(&maps_lock);
	for (u32 looks = 0; looks < LOOKS_A_HOLD && steps < RECORDS_A_HOLD && found < room;
		looks++) {
		if (*at >= USER_TOP)
			break;
		if (look_at(mm, *at, &info[found], &steps))
			found++;
		*at = behind(mm, *at);
	}
	spin_unlock(&maps_lock);
	return found;
}
