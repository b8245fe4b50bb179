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
