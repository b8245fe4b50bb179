/*
 * The flush: a slot that is handed out again leads to its new page on every CPU that uses it.  The
 * engine knows what each TLB may hold.  N is the size of the pool.
 */
#include "explorer.h"
#include "mm/pkmap/highmem.h"

#define N pkmap_slots

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

SCENARIO(wrap, .about = "more pages than slots in turn, so a flush, beside two others", .cpus = 2,
	.cpu = { use_all_in_turn, use_last_and_first });

static void use_0(void) { use(high_page(0)); }
static void use_1(void) { use(high_page(1)); }
static void use_2(void) { use(high_page(2)); }

SCENARIO(three_cpus, .about = "three CPUs, three pages", .cpus = 3, .cpu = { use_0, use_1, use_2 });

/* ---- A CPU that goes idle, or comes out of it, while slots change hands ---- */

static void wrap_and_tell(void)
{
	for (u32 i = 0; i < N; i++)
		use(high_page(i));
	kmap(high_page(N));
	tell();
}

static void sleep_and_use(void)
{
	sleep_until_told();
	access_page((void *)page_address(high_page(N)), high_page(N));
}

SCENARIO(idle_access, .about = "a CPU wakes up and uses a slot that changed hands meanwhile",
	.cpus = 2, .cpu = { wrap_and_tell, sleep_and_use }, .uses_left = true, .idle = true);

static void tell_and_wrap(void)
{
	for (u32 i = 0; i < N - 1; i++)
		use(high_page(i));
	tell();
	use(high_page(N - 1));
	kmap(high_page(N));
	result[0] = 1;
}

static void sleep_and_look(void)
{
	sleep_until_told();
	wait_for(&result[0], 1);
	access_page((void *)page_address(high_page(N)), high_page(N));
}

SCENARIO(idle_leaving, .about = "slots change hands while a CPU is on its way out of idle",
	.cpus = 2, .cpu = { tell_and_wrap, sleep_and_look }, .uses_left = true);
