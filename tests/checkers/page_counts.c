/* How many pages the page allocator has: see page_counts.h. */
#include "tests/checkers/page_counts.h"

#include "arch/x86/smp/cpumask.h"
#include "mm/pages/pcp.h"
#include "mm/pages/reclaim.h"

u32 nr_free_pages(void)
{
	u32 pages = 0;

	for (u32 i = 0; i < NR_ZONES; i++)
		pages += READ_ONCE(zones[i].free);
	return pages;
}

static u32 pages_of(u32 cpu)
{
	u32 pages = 0;

	for (u32 order = 0; order <= PCP_MAX_ORDER; order++)
		for (u32 i = 0; i < NR_ZONES; i++)
			pages += READ_ONCE(per_cpu(page_stacks, cpu)->of[order][i].count) << order;
	return pages;
}

u32 nr_percpu_pages(void)
{
	u32 pages = 0;

	for_each_cpu(cpu, cpus_with_copy())
		pages += pages_of(cpu);
	return pages;
}

void settle_pages(void)
{
	ask_for_trim();
	trim_idle_cpus();
	trim_if_asked();
}
