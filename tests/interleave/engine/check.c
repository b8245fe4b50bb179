/* Invariants in every state in which nobody holds the pool's lock, and at the end of a schedule. */
#include "machine.h"

#include "access.h"
#include "arch/x86/paging/tlb.h"
#include "explore.h"
#include "mm/pkmap/highmem.h"
#include "mm/pkmap/kmap_wait.h"
#include "scenario.h"
#include "tests/checkers/pkmap_check.h"

#include <stdarg.h>
#include <stdio.h>

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
	const char *wrong;
	u32 slot;

	env_check_state();
	if (!check_states || kmap_lock.taken.v || entries_buffered())
		return;
	wrong = pkmap_check_locked(-1, &slot);
	if (wrong)
		fail("slot %u: %s (1, 2, 3)", slot, wrong);
	for (u32 i = 0; i < HIGH_PAGES; i++)
		if (high_page(i)->virtual && !page_has_slot(high_page(i)))
			fail("page %u has an address, but not its slot (3)", i);
}

void check_end(const struct scenario *scenario)
{
	for (u32 slot = 0; slot < pkmap_slots && !scenario->uses_left; slot++)
		if (pkmap_count[slot] > 1)
			fail("in the end slot %u has count %d (5)", slot, pkmap_count[slot]);
	if (pkmap_tickets.next != &pkmap_tickets)
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
