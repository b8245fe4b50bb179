/*
 * Beyond the literature: several slots at once, freed pages, idle CPUs, CPUs that load CR3 for
 * other reasons.  N is the size of the pool.
 */
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/paging/tlb.h"
#include "mm/pages/page_alloc.h"
#include "mm/pages/reclaim.h"
#include "mm/pkmap/highmem.h"
#include "mm/pkmap/kmap_many.h"
#include "mm/tables/address_space.h"
#include "mm/tables/pgalloc.h"
#include "mm/tables/quicklist.h"
#include "scenario.h"

#define N pkmap_slots

/* ---- kmap_many, kmap_try ---- */

static void use_pair(u32 first, u32 second)
{
	struct page *pages[] = { high_page(first), high_page(second) };
	int error = kmap_many(pages, 2);

	MUST(!error, "kmap_many fails: %d", error);
	access_page((void *)page_address(pages[0]), pages[0]);
	access_page((void *)page_address(pages[1]), pages[1]);
	kunmap_many(pages, 2);
}

static void pair_0_1(void) { use_pair(0, 1); }
static void pair_2_3(void) { use_pair(2, 3); }
static void pair_1_2(void) { use_pair(1, 2); }
static void use_3(void) { use(high_page(3)); }

/* Holds one, and asks for another as one may who holds one. */
static void nested(void)
{
	void *first = kmap(high_page(2)), *second = kmap_try(high_page(3));

	access_page(first, high_page(2));
	if (second) {
		access_page(second, high_page(3));
		kunmap(high_page(3));
	}
	kunmap(high_page(2));
}

static void twice_the_same(void) { use_pair(0, 0); }

SCENARIO(many_many, .about = "two CPUs take two slots each, of a pool of no more than three",
	.cpus = 2, .cpu = { pair_0_1, pair_2_3 });
SCENARIO(many_shared, .about = "the same, and one of the pages is shared", .cpus = 2,
	.cpu = { pair_0_1, pair_1_2 });
SCENARIO(many_nested, .about = "kmap_many against kmap with a nested kmap_try", .cpus = 2,
	.cpu = { pair_0_1, nested });
SCENARIO(many_single, .about = "kmap_many against kmap on two CPUs", .cpus = 3,
	.cpu = { pair_0_1, nested, use_3 });
SCENARIO(many_twice, .about = "one page twice in kmap_many", .cpus = 2,
	.cpu = { twice_the_same, pair_2_3 });

/* ---- Freed pages ---- */

static void use_and_free(void)
{
	use(high_page(0));
	put_page(high_page(0));
	use(high_page(1));
}

static void use_others(void)
{
	for (u32 i = 0; i < N; i++)
		use(high_page(i + 2));
}

SCENARIO(page_freed, .about = "a page is freed with its slot at 1, while others wrap", .cpus = 2,
	.cpu = { use_and_free, use_others });

/* ---- An idle CPU has a flush pending ---- */

static struct page *last_page(void) { return high_page(N); }

/*
 * Each slot changes hands while the other CPU idles, or is on its way into or out of it; the last
 * page is used there too.
 */
static void wrap_and_tell(void)
{
	for (u32 i = 0; i < N; i++)
		use(high_page(i));
	kmap(last_page());
	tell();
}

static void sleep_and_use(void)
{
	sleep_until_told();
	access_page((void *)page_address(last_page()), last_page());
}

static void sleep_and_map(void)
{
	sleep_until_told();
	use(high_page(0));
}

SCENARIO(idle_access,
	.about = "a CPU wakes up and uses a slot that changed hands while it was idle", .cpus = 2,
	.cpu = { wrap_and_tell, sleep_and_use }, .uses_left = true, .idle = true);
SCENARIO(idle_map, .about = "the same, and it maps a page itself", .cpus = 2,
	.cpu = { wrap_and_tell, sleep_and_map }, .uses_left = true);

SCENARIO(idle_smi,
	.about = "a halt ends without an interrupt, and the CPU uses a slot that changed hands",
	.cpus = 2, .cpu = { wrap_and_tell, sleep_and_use }, .uses_left = true, .smi = true);

/* The wake-up comes first, and the flush meets the CPU on its way out of idle. */
static void tell_and_wrap(void)
{
	for (u32 i = 0; i < N - 1; i++)
		use(high_page(i));
	tell();
	use(high_page(N - 1));
	kmap(last_page());
	result[0] = 1;
}

static void sleep_and_look(void)
{
	sleep_until_told();
	wait_for(&result[0], 1);
	access_page((void *)page_address(last_page()), last_page());
}

SCENARIO(idle_leaving, .about = "slots change hands while a CPU is on its way out of idle",
	.cpus = 2, .cpu = { tell_and_wrap, sleep_and_look }, .uses_left = true);

/* ---- A CPU that changes address spaces ---- */

static struct mm *mm;

static void make_mm(void) { mm = mm_create(); }

static void wrap_and_show(void)
{
	for (u32 i = 0; i < N; i++)
		use(high_page(i));
	kmap(last_page());
	result[0] = 1;
}

static void switch_and_look(void)
{
	u32 flags = irq_save();

	switch_mm(&mm->tlb);
	leave_mm();
	irq_restore(flags);
	wait_for(&result[0], 1);
	access_page((void *)page_address(last_page()), last_page());
}

SCENARIO(switching, .about = "a CPU loads CR3 on its own while slots change hands", .cpus = 2,
	.setup = make_mm, .cpu = { wrap_and_show, switch_and_look }, .uses_left = true);

/* ---- An idle CPU trims when it is asked ---- */

static void cache_two_tables(void)
{
	pte_t *first = pte_alloc_one(), *second = pte_alloc_one();

	MUST(first && second, "no page for a table");
	pte_free(first);
	pte_free(second);
}

/*
 * As alloc_after_trimming(): what the idle CPU had is free when this returns, or the request fails
 * for nothing.
 */
static void ask_and_look(void)
{
	wait_for(idle_runs(1), 1);
	ask_for_trim();
	trim_idle_cpus();
	MUST(!READ_ONCE(per_cpu(pte_quicklist, 1)->head),
		"CPU 1 has said that it has trimmed, but has a table still");
}

SCENARIO(trim,
	.about = "a CPU that is idle, or about to be, trims before the one that asked goes on",
	.cpus = 2, .cpu = { ask_and_look, cache_two_tables }, .no_pool = true, .idle = true);

/* The CPU that is asked is on its way to a thread, which waits for the one that asks. */
static void wake_and_ask(void)
{
	tell();
	ask_for_trim();
	trim_idle_cpus();
	result[0] = 1;
}

static void sleep_and_wait(void)
{
	sleep_until_told();
	wait_for(&result[0], 1);
}

SCENARIO(trim_leaving,
	.about =
		"a CPU is asked to trim on its way out of idle, to a thread that waits for the asker",
	.cpus = 2, .cpu = { wake_and_ask, sleep_and_wait }, .no_pool = true);
