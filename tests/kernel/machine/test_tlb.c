/*
 * Flushes that reach other CPUs: each is first shown to be needed (the stale value is read back),
 * then to work.
 */
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/paging/tlb.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/smp/ipi.h"
#include "lib/bitops.h"
#include "mm/objects/vmalloc.h"
#include "mm/pages/page_alloc.h"
#include "tests/kernel/crew.h"
#include "tests/kernel/mm/highpages.h"
#include "tests/kernel/selftest.h"

#define ATTEMPTS 20u

/*
 * Addresses that are tried: a TLB may need the place of one of them for what the CPU touches
 * itself.
 */
#define PLACES 4u

/*
 * Two low pages with different marks, and a kernel mapping of the first that can be turned to the
 * second.
 */
struct victim {
	struct page *first, *second;
	char *range; /* PLACES pages of vmalloc, one of which is the mapping */
	u32 *mapping;
	struct page *own; /* what vmalloc put there */
	pte_t *pte;
};

static void point_at(struct victim *v, struct page *page)
{
	pte_clear(v->pte);
	set_pte(v->pte, pfn_pte(page_to_pfn(page), PAGE_KERNEL));
}

static struct page *marked_page(u32 mark)
{
	struct page *page = alloc_page(GFP_KERNEL);

	if (page)
		*(u32 *)lowmem_page_address(page) = mark;
	return page;
}

static void use_place(struct victim *v, u32 place)
{
	v->mapping = (u32 *)(v->range + place * PAGE_SIZE);
	v->pte = kernel_pte((uintptr_t)v->mapping);
	v->own = pfn_to_page(pte_pfn(*v->pte));
}

static void leave_place(struct victim *v)
{
	point_at(v, v->own);
	flush_tlb_all();
}

static bool victim_take(struct victim *v)
{
	v->first = marked_page(1);
	v->second = marked_page(2);
	v->range = vmalloc(PLACES * PAGE_SIZE, false);
	if (!EXPECT(0, v->first && v->second && v->range, "two pages and a mapping"))
		return false;
	use_place(v, 0);
	return true;
}

static void victim_free(struct victim *v)
{
	leave_place(v);
	vfree(v->range);
	free_page(v->first);
	free_page(v->second);
}

/*
 * Leaves CPU `cpu` with the first page's translation while the entry says the second; false if it
 * always forgets by itself.
 */
static bool make_stale(struct victim *v, u32 cpu)
{
	for (u32 attempt = 0; attempt < ATTEMPTS; attempt++) {
		leave_place(v);
		use_place(v, attempt % PLACES);
		point_at(v, v->first);
		flush_tlb_all();
		if (read_on_cpu(cpu, (uintptr_t)v->mapping) != 1)
			return false;
		point_at(v, v->second);
		if (read_on_cpu(cpu, (uintptr_t)v->mapping) == 1)
			return true;
	}
	return false;
}

static void flush_page_range(struct victim *v)
{
	flush_tlb_kernel_range((uintptr_t)v->mapping, (uintptr_t)v->mapping + PAGE_SIZE);
}

static void flush_large_range(struct victim *v)
{
	flush_tlb_kernel_range((uintptr_t)v->mapping, (uintptr_t)v->mapping + 1000 * PAGE_SIZE);
}

static void flush_everything(struct victim *v)
{
	(void)v;
	flush_tlb_all();
}

/*
 * On how many CPUs the flush was needed: a CPU may forget a stale translation by itself (SDM vol.
 * 3, 4.10.2.3).
 */
static u32 expect_flush(struct victim *v, const char *name, void (*flush)(struct victim *))
{
	u32 needed = 0;

	for_each_cpu(cpu, cpus_online()) {
		needed += make_stale(v, cpu);
		flush(v);
		EXPECT_EQ(25, read_on_cpu(cpu, (uintptr_t)v->mapping), 2, "CPU %u reads after %s",
			cpu, name);
	}
	return needed;
}

SELFTEST(tlb_kernel, "tlb.kernel", 8, "23, 25")
{
	struct victim v;
	u32 needed;

	if (!victim_take(&v))
		return;
	EXPECT(25, !cpu_features.pge || (v.pte->v & _PAGE_GLOBAL),
		"the mapping is Global where there is PGE");
	needed = expect_flush(&v, "flush_tlb_kernel_range of a page", flush_page_range);
	needed += expect_flush(&v, "flush_tlb_kernel_range of 1000 pages", flush_large_range);
	needed += expect_flush(&v, "flush_tlb_all", flush_everything);
	victim_free(&v);
	if (needed < 3 * cpu_online_count())
		selftest_note(
			"tlb.kernel: of %u flushes %u were needed", 3 * cpu_online_count(), needed);
	if (!needed)
		selftest_skip("no CPU keeps a stale translation, so the flushes prove nothing");
}

SELFTEST(tlb_counts, "tlb.counts", 8, "23, 25")
{
	u32 before[NR_CPUS], ipis = *this_cpu(ipis_sent), others = cpu_online_count() - 1;

	for_each_cpu(cpu, cpus_online())
		before[cpu] = per_cpu(tlb_stats, cpu)->full_flushes;
	flush_tlb_all();
	for_each_cpu(cpu, cpus_online())
		EXPECT_EQ(25, per_cpu(tlb_stats, cpu)->full_flushes - before[cpu], 1,
			"full flushes of CPU %u", cpu);
	EXPECT_EQ(23, *this_cpu(ipis_sent) - ipis, others, "interrupts sent for one flush_tlb_all");
}

/*
 * Flushes from all CPUs at the same time: each must return, and each must have reached everybody.
 */
static void flush_often(struct crew_member *self)
{
	(void)self;
	for (u32 i = 0; i < 5; i++)
		flush_tlb_all();
}

SELFTEST(tlb_crossing, "tlb.crossing", 8, "23, 24, 25")
{
	static struct crew crew;
	u32 before[NR_CPUS], rounds = selftest_full ? 100 : 1;

	for_each_cpu(cpu, cpus_online())
		before[cpu] = per_cpu(tlb_stats, cpu)->full_flushes;
	for (u32 round = 0; round < rounds; round++)
		if (crew_start(&crew, 1, flush_often, NULL))
			crew_join(&crew);
	for_each_cpu(cpu, cpus_online())
		EXPECT(25,
			per_cpu(tlb_stats, cpu)->full_flushes - before[cpu] >=
				5 * rounds * cpu_online_count(),
			"%u full flushes of CPU %u, asked for %u",
			per_cpu(tlb_stats, cpu)->full_flushes - before[cpu], cpu,
			5 * rounds * cpu_online_count());
}

static void flush_irqs_off(void *unused)
{
	(void)unused;
	irq_disable();
	flush_tlb_all();
}

SELFTEST(tlb_context, "tlb.context", 8, "24")
{
	EXPECT(24, selftest_panics(flush_irqs_off, NULL, 24), "flush_tlb_all with interrupts off");
}
