/* Invariants in every state in which nobody holds the pool's lock, and at the end of a schedule. */
#include "machine.h"

#include "access.h"
#include "arch/x86/paging/tlb.h"
#include "explore.h"
#include "mm/pkmap/highmem.h"
#include "mm/pkmap/pkmap.h"
#include "scenario.h"

#include <stdarg.h>
#include <stdio.h>

static const char *slot_wrong(u32 slot)
{
	pte_t pte = *kernel_pte(PKMAP_ADDR(slot));
	const struct page *page;

	if (pkmap_count[slot] == 0 || pkmap_count[slot] == PKMAP_RETIRED)
		return pte_none(pte) ? NULL : "is free or retired and has an entry (1)";
	if (!pte_present(pte))
		return "is in use without an entry (2)";
	page = pfn_to_page(pte_pfn(pte));
	if (!page_is_high(page))
		return "maps a page that is not high (3)";
	return page->virtual == PKMAP_ADDR(slot) ? NULL
						 : "maps a page whose address is another one (2)";
}

static bool page_has_slot(const struct page *page)
{
	u32 slot = (u32)PKMAP_NR(page->virtual);

	return slot < pkmap_slots && pkmap_count[slot] > 0 &&
	       pte_pfn(*kernel_pte(page->virtual)) == page_to_pfn(page);
}

bool check_states = true;

/* An entry that its CPU has stored and nobody sees yet: without the lock it would prove nothing. */
static bool entries_buffered(void)
{
	u32 frame;

	for (u32 cpu = 0; cpu < ncpus; cpu++)
		for (u32 i = 0; i < m.cpu[cpu].nstores; i++)
			if (frame_of(stores[cpu][i].at, &frame) && (m.pkmap_tables & (1u << frame)))
				return true;
	return false;
}

void check_state(void)
{
	if (!check_states || kmap_lock.taken.v || entries_buffered())
		return;
	for (u32 slot = 0; slot < pkmap_slots; slot++) {
		const char *wrong = slot_wrong(slot);

		if (wrong)
			fail("slot %u (count %d) %s", slot, pkmap_count[slot], wrong);
	}
	if (pkmap_lazy && lazy_check())
		fail("%s", lazy_check());
	for (u32 i = 0; i < HIGH_PAGES; i++)
		if (high_page(i)->virtual && !page_has_slot(high_page(i)))
			fail("page %u has an address, but not its slot (3)", i);
}

void check_end(const struct scenario *scenario)
{
	for (u32 slot = 0; slot < pkmap_slots && !scenario->uses_left; slot++)
		if (pkmap_count[slot] > 1)
			fail("in the end slot %u has count %d (5)", slot, pkmap_count[slot]);
	if (!list_empty(&pkmap_tickets))
		fail("in the end somebody is queued for a slot");
	if (scenario->finish)
		scenario->finish();
}

/* ---- What scenarios call ---- */

void access_page(void *address, struct page *page)
{
	tlb_check_access((uintptr_t)address, page_to_pfn(page));
}

void use(struct page *page)
{
	void *address = kmap(page);

	access_page(address, page);
	access_page(address, page);
	kunmap(page);
}

void must_hold(const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fail("%s", text);
}
