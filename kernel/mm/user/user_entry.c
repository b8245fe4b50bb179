/* Single entries of user frames: see user_entry.h. */
#include "mm/user/user_entry.h"

#include "lib/abi/abi.h"

struct page *user_frame_at(struct mm *mm, uintptr_t address)
{
	const pte_t *pte = mm_pte(mm, address);

	return pte ? user_frame_of(*pte) : NULL;
}

struct page *user_frame_with(struct mm *mm, uintptr_t address, u32 prot)
{
	const pte_t *pte = mm_pte(mm, address);

	if (!pte || ((prot & PROT_WRITE) && !(pte->v & _PAGE_RW)))
		return NULL;
	return user_frame_of(*pte);
}

void user_entry_set(struct mm *mm, uintptr_t address, const struct page *page, u32 prot)
{
	spin_lock(&mm->page_table_lock);
	set_pte(mm_pte(mm, address), pfn_pte(page_to_pfn(page), user_entry_flags(prot)));
	mm->pages++;
	spin_unlock(&mm->page_table_lock);
}

void user_entry_clear(struct mm *mm, uintptr_t address)
{
	spin_lock(&mm->page_table_lock);
	pte_clear(mm_pte(mm, address));
	mm->pages--;
	spin_unlock(&mm->page_table_lock);
}

/*
 * Write goes first, in a store of its own: a CPU that walks the entry between the two halves of a
 * PAE entry never finds write and execute together.  Accessed and Dirty, which a CPU may set at
 * this moment, may get lost; nobody reads them.
 */
void user_entry_protect(struct mm *mm, uintptr_t address, struct mapping *record, u32 prot)
{
	pte_t *pte;

	spin_lock(&mm->page_table_lock);
	pte = mm_pte(mm, address);
	set_pte(pte, (pte_t){ pte->v & ~_PAGE_RW });
	set_pte(pte, pfn_pte(pte_pfn(*pte), user_entry_flags(prot)));
	spin_unlock(&mm->page_table_lock);
	record->place = (record->place & PAGE_MASK) | prot;
}
