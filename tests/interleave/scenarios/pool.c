/* The book's pool: mapping, revival, wrap, waiting for a slot. */
#include "mm/highmem.h"
#include "scenario.h"

static void use_0(void) { use(high_page(0)); }
static void use_1(void) { use(high_page(1)); }
static void use_2(void) { use(high_page(2)); }

static void use_0_1_2(void)
{
	use(high_page(0));
	use(high_page(1));
	use(high_page(2));
}

static void use_2_0(void)
{
	use(high_page(2));
	use(high_page(0));
}

SCENARIO(same_page, .about = "two CPUs use one page: new, shared, revived", .cpus = 2, .cpu = { use_0, use_0 });
SCENARIO(two_pages, .about = "two CPUs, two pages", .cpus = 2, .cpu = { use_0, use_1 });
SCENARIO(wrap, .about = "three pages in turn, so a flush, beside two others", .cpus = 2, .cpu = { use_0_1_2, use_2_0 });
SCENARIO(three_cpus, .about = "three CPUs, three pages", .cpus = 3, .cpu = { use_0, use_1, use_2 });

/* ---- Every slot in use ---- */

static void hold_two(void)
{
	void *first = kmap(high_page(0));
	void *second = kmap(high_page(1));

	access_page(first, high_page(0));
	access_page(second, high_page(1));
	kunmap(high_page(0));
	kunmap(high_page(1));
}

/* Already in use when the CPUs start: what they wait for. */
static void fill_pool(void)
{
	kmap(high_page(0));
	kmap(high_page(1));
}

static void release_0(void) { kunmap(high_page(0)); }

static void release_0_1(void)
{
	kunmap(high_page(0));
	kunmap(high_page(1));
}

SCENARIO(full, .about = "one CPU holds two slots, another wants one", .cpus = 2, .cpu = { hold_two, use_2 });
SCENARIO(full_one_left, .about = "the pool is full; one slot is given back, one page wanted", .cpus = 2, .setup = fill_pool,
	 .cpu = { release_0, use_2 }, .uses_left = true);
SCENARIO(full_same_page, .about = "the pool is full; two CPUs want the same page", .cpus = 3, .setup = fill_pool,
	 .cpu = { release_0_1, use_2, use_2 });
SCENARIO(full_revival, .about = "the pool is full; a page that gets its slot back is one of its own", .cpus = 2, .setup = fill_pool,
	 .cpu = { release_0_1, use_2_0 });
