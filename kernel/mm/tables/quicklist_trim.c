/* Trimming the quicklists of page tables: see quicklist.h. */
#include "mm/tables/quicklist.h"

#include "arch/x86/console/console.h"
#include "mm/boot/options.h"
#include "mm/pages/page_alloc.h"
#include "mm/pages/watermarks.h"
#include "mm/tables/quicklist_ops.h"
#include "mm/tables/table_place.h"

u32 pgt_low_mark, pgt_high_mark;

void pgt_cache_init(void)
{
	pgt_low_mark = mm_options.pgt_low;
	pgt_high_mark = MAX(mm_options.pgt_low, mm_options.pgt_high);
}

static void table_to_pages(void *table)
{
	table_move(table, PG_TABLE_CACHED, 0);
	free_page_at(table);
}

/* What the three lists have in common when they are trimmed. */
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

static __cold u32 list_length(const struct level *l)
{
	void *table = l->list->head;
	u32 length = 0;

	for (; table && length < LIST_BOUND; length++)
		table = (void *)*link_of(l, table);
	return length;
}

/* Ends when the count is at the mark or the list is empty, whichever is first. */
static __cold u32 trim_list(const struct level *l, u32 mark)
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

/* Each list with more than `high` tables goes down to `low`. */
static __cold u32 trim_lists(u32 high, u32 low)
{
	u32 freed = 0;

	for (u32 n = 0; n < NR_LEVELS; n++) {
		struct level l = level(n);

		freed += trim_list(&l, l.list->count > high ? low : high);
	}
	return freed;
}

static inline bool is_long(const struct quicklist *list) { return list->count > pgt_high_mark; }

u32 check_pgt_cache(void)
{
	/* While memory is short nothing is kept. */
	if (memory_is_short())
		return drain_pgt_cache();
	if (likely(!is_long(this_cpu(pte_quicklist)) && !is_long(this_cpu(pmd_quicklist)) &&
		    !is_long(this_cpu(pgd_quicklist))))
		return 0;
	return trim_lists(pgt_high_mark, pgt_low_mark);
}

u32 drain_pgt_cache(void) { return trim_lists(0, 0); }
