/*
 * The line of threads that wait for slots, in a pool of which every slot is in use.  Flushes are
 * given here, so that only the line matters.
 */
#include "explorer.h"
#include "mm/pkmap/highmem.h"
#include "mm/pkmap/kmap_many.h"

#define N pkmap_slots

bool flush_is_given;

static void fill_pool(void)
{
	flush_is_given = true;
	for (u32 i = 0; i < N; i++)
		kmap(high_page(i));
}

static void release_0(void) { kunmap(high_page(0)); }

static void release_all(void)
{
	for (u32 i = 0; i < N; i++)
		kunmap(high_page(i));
}

static void release_0_and_use_another(void)
{
	kunmap(high_page(0));
	use(high_page(N + 1));
}

static void use_new(void) { use(high_page(N)); }
static void keep_new(void) { kmap(high_page(N)); }
static void keep_another(void) { kmap(high_page(N + 1)); }

SCENARIO(one_released, .about = "one slot is given back, one page wanted", .cpus = 2,
	.setup = fill_pool, .cpu = { release_0, use_new }, .uses_left = true);
SCENARIO(one_for_two, .about = "one slot for two CPUs, one after the other", .cpus = 2,
	.setup = fill_pool, .cpu = { release_0_and_use_another, use_new }, .uses_left = true);
SCENARIO(two_kept, .about = "slots for two CPUs, which keep them", .cpus = 3, .setup = fill_pool,
	.cpu = { release_all, keep_new, keep_another }, .uses_left = true);
