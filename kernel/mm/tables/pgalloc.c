/* Page-table pages and the quicklists in front of the page allocator. */
#include "mm/tables/pgalloc.h"

#include "arch/x86/console/console.h"
#include "arch/x86/cpu/atomic.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/paging/tlb.h"
#include "lib/assert.h"
#include "mm/boot/options.h"
#include "mm/pages/page_alloc.h"
#include "mm/tables/address_space.h"
#include "mm/wait.h"

DEFINE_PER_CPU(struct quicklist, pgd_quicklist);
DEFINE_PER_CPU(struct quicklist, pmd_quicklist);
DEFINE_PER_CPU(struct quicklist, pte_quicklist);

/* Counted up by ask_for_trim(); a CPU that has seen less has something to do. */
static atomic_t trim_generation;
DEFINE_PER_CPU(u32, trim_seen);

u32 pgt_low_mark, pgt_high_mark;

void pgt_cache_init(void)
{
	pgt_low_mark = mm_options.pgt_low;
	pgt_high_mark = MAX(mm_options.pgt_low, mm_options.pgt_high);
}

/*
 * Where in a table its link lies: the first word, but behind the entries of a PGD whose entries the
 * CPU reads ahead.
 */
static inline uintptr_t *first_word(void *table) { return table; }

static inline void push(struct quicklist *list, void *table, uintptr_t *link)
{
	list->count++;
	*link = (uintptr_t)list->head;
	list->head = table;
}

/*
 * Takes the head, whose link is given, off the list, and makes the link the zero that it stands
 * for.
 */
static inline void pop(struct quicklist *list, uintptr_t *link)
{
	list->head = (void *)*link;
	*link = 0;
	list->count--;
}

static void *table_from_list(struct quicklist *list)
{
	void *table = list->head;

	if (!table)
		return NULL;
	pop(list, first_word(table));
	table_move(table, PG_TABLE_CACHED, PG_TABLE_LIVE);
	return table;
}

static void table_to_list(struct quicklist *list, void *table)
{
	table_move(table, PG_TABLE_LIVE, PG_TABLE_CACHED);
	push(list, table, first_word(table));
}

/* A new table, all zero. */
static void *table_from_pages(void)
{
	void *table = get_zeroed_page(GFP_KERNEL);

	if (table)
		table_move(table, 0, PG_TABLE_LIVE);
	return table;
}

static void table_to_pages(void *table)
{
	table_move(table, PG_TABLE_CACHED, 0);
	free_page_at(table);
}

pgd_t *get_pgd_fast(void)
{
	struct quicklist *list = this_cpu(pgd_quicklist);
	pgd_t *pgd = list->head;

	if (!pgd)
		return NULL;
	pop(list, pgd_link(pgd));
	table_move(pgd, PG_TABLE_CACHED, PG_TABLE_LIVE);
	return pgd;
}

pgd_t *get_pgd_slow(void)
{
	pgd_t *pgd = table_from_pages();

	for (u32 i = KERNEL_PGD_INDEX; pgd && i < PTRS_PER_PGD; i++)
		pgd[i] = make_pgd(pgd_value(swapper_pg_dir[i]));
	return pgd;
}

pgd_t *pgd_alloc(void)
{
	pgd_t *pgd = get_pgd_fast();

	return pgd ? pgd : get_pgd_slow();
}

void pgd_free(pgd_t *pgd)
{
	table_move(pgd, PG_TABLE_LIVE, PG_TABLE_CACHED);
	push(this_cpu(pgd_quicklist), pgd, pgd_link(pgd));
}

pmd_t *pmd_alloc_one_fast(void) { return table_from_list(this_cpu(pmd_quicklist)); }

pmd_t *pmd_alloc_one(void) { return table_from_pages(); }

pte_t *pte_alloc_one_fast(void) { return table_from_list(this_cpu(pte_quicklist)); }

pte_t *pte_alloc_one(void) { return table_from_pages(); }

void pmd_free(pmd_t *table) { table_to_list(this_cpu(pmd_quicklist), table); }

void pte_free(pte_t *table) { table_to_list(this_cpu(pte_quicklist), table); }

/* A PGD that a CPU keeps must be read again by each that has it (invariant 41). */
static void install_pmd(struct mm *mm, pgd_t *pgd, pmd_t *table)
{
	struct pending_flush pending = {};

	pgd_populate(pgd, table, _USER_TABLE);
	mm->tables++;
	if (!PGD_CACHES_UPPER)
		return;
	pending_flush_mm(&pending, &mm->tlb);
	flush_tlb_mm(&mm->tlb);
	pending_flush_check(&pending, "an address space whose PDPTE changed");
}

pmd_t *pmd_alloc(struct mm *mm, pgd_t *pgd, uintptr_t address)
{
	pmd_t *table;

	if (!pgd_none(*pgd))
		return pmd_offset(pgd, address);
	table = pmd_alloc_one_fast();
	if (!table) {
		spin_unlock(&mm->page_table_lock);
		table = pmd_alloc_one();
		spin_lock(&mm->page_table_lock);
		if (!table)
			return NULL;
	}
	/* Somebody may have been here while the lock was dropped: then ours was one too many. */
	if (pgd_none(*pgd))
		install_pmd(mm, pgd, table);
	else
		pmd_free(table);
	return pmd_offset(pgd, address);
}

pte_t *pte_alloc(struct mm *mm, pmd_t *pmd, uintptr_t address)
{
	pte_t *table;

	if (!pmd_none(*pmd))
		return pte_offset(pmd, address);
	table = pte_alloc_one_fast();
	if (!table) {
		spin_unlock(&mm->page_table_lock);
		table = pte_alloc_one();
		spin_lock(&mm->page_table_lock);
		if (!table)
			return NULL;
		/* Meanwhile even the PMD table may have gone, with a range that was unmapped. */
		pmd = pmd_alloc(mm, pgd_offset(mm->tlb.pgd, address), address);
		if (!pmd) {
			pte_free(table);
			return NULL;
		}
	}
	/* As in pmd_alloc(): looked at again, since the lock was dropped. */
	if (pmd_none(*pmd)) {
		pmd_populate(pmd, table, _USER_TABLE);
		mm->tables++;
	} else {
		pte_free(table);
	}
	return pte_offset(pmd, address);
}

/* What the three lists have in common for whoever trims or checks them. */
struct level {
	const char *name;
	struct quicklist *list;
	bool is_pgd;
};

#define NR_LEVELS 3u

static struct level level(u32 n)
{
	switch (n) {
	case 0: return (struct level){ "PTE", this_cpu(pte_quicklist), false };
	case 1: return (struct level){ "PMD", this_cpu(pmd_quicklist), false };
	default: return (struct level){ "PGD", this_cpu(pgd_quicklist), true };
	}
}

static uintptr_t *link_of(const struct level *l, void *table)
{
	return l->is_pgd ? pgd_link(table) : first_word(table);
}

/* More than any list can hold: where a walk stops if the list runs in a circle. */
#define LIST_BOUND 65536u

static u32 list_length(const struct level *l)
{
	void *table = l->list->head;
	u32 length = 0;

	for (; table && length < LIST_BOUND; length++)
		table = (void *)*link_of(l, table);
	return length;
}

/* Ends when the count is at the mark or the list is empty, whichever is first. */
static u32 trim_list(const struct level *l, u32 mark)
{
	struct quicklist *list = l->list;
	u32 freed = 0;

	while (list->count > mark && list->head) {
		void *table = list->head;

		pop(list, link_of(l, table));
		list->trimmed++;
		table_to_pages(table);
		freed++;
	}
	if (!list->head != !list->count) {
		u32 length = list_length(l);

		pr_err("quicklist of %s tables: count %u, but %u are listed; the count is set right\n",
			l->name, list->count, length);
		list->count = length;
	}
	return freed;
}

u32 check_pgt_cache(void)
{
	u32 freed = 0;

	for (u32 n = 0; n < NR_LEVELS; n++) {
		struct level l = level(n);

		/* While memory is short nothing is kept. */
		if (memory_is_short())
			freed += trim_list(&l, 0);
		else if (l.list->count > pgt_high_mark)
			freed += trim_list(&l, pgt_low_mark);
	}
	return freed;
}

u32 drain_pgt_cache(void)
{
	u32 freed = 0;

	for (u32 n = 0; n < NR_LEVELS; n++) {
		struct level l = level(n);

		freed += trim_list(&l, 0);
	}
	return freed;
}

void ask_for_trim(void) { atomic_inc(&trim_generation); }

void trim_if_asked(void)
{
	u32 *seen = this_cpu(trim_seen);
	u32 asked = atomic_read(&trim_generation);

	if (likely(*seen == asked))
		return;
	drain_pgt_cache();
	/* Acknowledged after the work: trim_idle_cpus() takes this for the tables being free. */
	barrier();
	WRITE_ONCE(*seen, asked);
}

bool trim_is_asked(void) { return *this_cpu(trim_seen) != atomic_read(&trim_generation); }

/*
 * An idle CPU trims before it halts.  One that has found a thread to run may have looked for
 * requests just before this one: it is not waited for, as no busy CPU is, since its thread may wait
 * for us.
 */
void trim_idle_cpus(void)
{
	u32 asked = atomic_read(&trim_generation), idle = kick_idle_cpus();

	for (u32 cpu = 0; cpu < NR_CPUS; cpu++)
		while ((idle & (1u << cpu)) &&
			(s32)(READ_ONCE(*per_cpu(trim_seen, cpu)) - asked) < 0 &&
			idle_thread_runs(cpu))
			cpu_relax();
}

u32 nr_cached_tables(void)
{
	return this_cpu(pgd_quicklist)->count + this_cpu(pmd_quicklist)->count +
	       this_cpu(pte_quicklist)->count;
}

u32 nr_cached_tables_all(void)
{
	u32 sum = 0;

	for (u32 cpu = 0; cpu < NR_CPUS; cpu++)
		if (percpu_offset[cpu] || cpu == 0)
			sum += per_cpu(pgd_quicklist, cpu)->count +
			       per_cpu(pmd_quicklist, cpu)->count +
			       per_cpu(pte_quicklist, cpu)->count;
	return sum;
}

static bool rest_is_zero(const uintptr_t *word, size_t words)
{
	for (size_t i = 1; i < words; i++)
		if (word[i])
			return false;
	return true;
}

/* Invariants 34 and 35 of one cached table. */
static const char *cached_table_check(const struct level *l, void *table)
{
	u32 where;

	if (*link_of(l, table) & ~(uintptr_t)PAGE_MASK)
		return "a link is not page aligned";
	if (!l->is_pgd)
		return rest_is_zero(table, PAGE_SIZE / sizeof(uintptr_t))
			       ? NULL
			       : "a cached table is not zero";
	for (u32 i = 0; i < KERNEL_PGD_INDEX; i++) {
		uintptr_t entry = (uintptr_t)((pgd_t *)table + i),
			  link = (uintptr_t)pgd_link(table);

		if ((entry < link || entry >= link + sizeof(uintptr_t)) && *(pteval_t *)entry)
			return "a cached PGD has a user entry";
	}
	return pgd_check(table, &where);
}

const char *quicklist_check(u32 n)
{
	struct level l = level(n);
	void *table = l.list->head;
	u32 walked = 0;

	for (; table && walked <= l.list->count; walked++) {
		const char *wrong;

		if (!IS_ALIGNED((uintptr_t)table, PAGE_SIZE) ||
			virt_to_pfn(table) >= direct_map_end)
			return "an entry is not an aligned low page";
		if ((virt_to_page(table)->flags & PG_TABLE_MASK) != PG_TABLE_CACHED)
			return "a listed table is not marked as cached";
		wrong = cached_table_check(&l, table);
		if (wrong)
			return wrong;
		table = (void *)*link_of(&l, table);
	}
	return walked == l.list->count ? NULL : "walked length and count differ";
}
