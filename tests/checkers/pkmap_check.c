/* What must be true of the PKMap: see pkmap_check.h. */
#include "tests/checkers/pkmap_check.h"

#include "arch/x86/paging/tlb_stamp.h"
#include "mm/boot/options.h"
#include "mm/pkmap/highmem.h"
#include "tests/checkers/lazy_check.h"

/* Protection of a PKMap entry. */
static pteval_t slot_prot(void)
{
	return pkmap_is_global ? PAGE_KERNEL : PAGE_KERNEL & ~_PAGE_GLOBAL;
}

static const char *slot_check(u32 slot)
{
	pte_t pte = *kernel_pte(PKMAP_ADDR(slot));
	const struct page *page;

	if (pkmap_count[slot] < PKMAP_RETIRED)
		return "a count below that of a retired slot";
	if (pkmap_count[slot] == 0 || pkmap_count[slot] == PKMAP_RETIRED)
		return pte_none(pte) ? NULL : "count 0 or retired, but an entry";
	if (pte.v != pfn_pte(pte_pfn(pte), slot_prot()).v)
		return "an entry without the protection of a kmap";
	page = pfn_to_page(pte_pfn(pte));
	if (!page_is_high(page))
		return "an owner that is no high page";
	return page->virtual == PKMAP_ADDR(slot) ? NULL : "the owner's address is another one";
}

const char *pkmap_check_locked(int uses, u32 *where)
{
	u32 in_use = 0;
	int sum = 0;

	for (*where = 0; *where < pkmap_slots; ++*where) {
		const char *wrong = slot_check(*where);

		if (wrong)
			return wrong;
		sum += MAX(0, pkmap_count[*where] - 1);
		in_use += pkmap_count[*where] >= 2;
	}
	if (in_use != pkmap_in_use)
		return "the number of slots in use is not what was counted";
	if (uses >= 0 && sum != uses)
		return "the sum of uses is not what is outstanding";
	return mm_options.kmap_lazy ? lazy_check() : NULL;
}

const char *pkmap_check(int uses, u32 *where)
{
	const char *wrong;

	spin_lock(&kmap_lock);
	wrong = pkmap_check_locked(uses, where);
	spin_unlock(&kmap_lock);
	return wrong;
}
