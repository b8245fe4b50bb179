/*
 * The literature's pool: mapping, revival, wrap, waiting for a slot.  N is the size of the pool,
 * two or three slots.
 */
#include "mm/pkmap/highmem.h"
#include "scenario.h"

#define N pkmap_slots

static void use_0(void) { use(high_page(0)); }
static void use_1(void) { use(high_page(1)); }
static void use_2(void) { use(high_page(2)); }
static void use_new(void) { use(high_page(N)); }

/* One page more than there are slots: the last one wraps. */
static void use_all_in_turn(void)
{
	for (u32 i = 0; i <= N; i++)
		use(high_page(i));
}

static void use_last_and_first(void)
{
	use(high_page(N));
	use(high_page(0));
}

SCENARIO(same_page, .about = "two CPUs use one page: new, shared, revived", .cpus = 2,
	.cpu = { use_0, use_0 });
SCENARIO(two_pages, .about = "two CPUs, two pages", .cpus = 2, .cpu = { use_0, use_1 });
SCENARIO(wrap, .about = "more pages than slots in turn, so a flush, beside two others", .cpus = 2,
	.cpu = { use_all_in_turn, use_last_and_first });
SCENARIO(three_cpus, .about = "three CPUs, three pages", .cpus = 3, .cpu = { use_0, use_1, use_2 });

/* ---- Every slot in use ---- */

/* Already in use when the CPUs start: what they wait for. */
static void fill_pool(void)
{
	for (u32 i = 0; i < N; i++)
		kmap(high_page(i));
}

static void release_0(void) { kunmap(high_page(0)); }

static void release_all(void)
{
	for (u32 i = 0; i < N; i++)
		kunmap(high_page(i));
}

static void use_new_and_0(void)
{
	use(high_page(N));
	use(high_page(0));
}

static void release_0_and_use_another(void)
{
	kunmap(high_page(0));
	use(high_page(N + 1));
}

SCENARIO(full_one_left, .about = "the pool is full; one slot is given back, one page wanted",
	.cpus = 2, .setup = fill_pool, .cpu = { release_0, use_new }, .uses_left = true);
SCENARIO(full_same_page, .about = "the pool is full; two CPUs want the same page", .cpus = 3,
	.setup = fill_pool, .cpu = { release_all, use_new, use_new });
SCENARIO(full_revival, .about = "the pool is full; a CPU waits, then takes up a slot at 1",
	.cpus = 2, .setup = fill_pool, .cpu = { release_all, use_new_and_0 });
SCENARIO(full_two_wait, .about = "the pool is full; one slot for two CPUs, one after the other",
	.cpus = 2, .setup = fill_pool, .cpu = { release_0_and_use_another, use_new },
	.uses_left = true);

static void keep_new(void) { kmap(high_page(N)); }
static void keep_another(void) { kmap(high_page(N + 1)); }

SCENARIO(full_two_kept, .about = "the pool is full; slots for two CPUs, which keep them", .cpus = 3,
	.setup = fill_pool, .cpu = { release_all, keep_new, keep_another }, .uses_left = true);
