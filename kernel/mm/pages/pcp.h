/*
 * The short lists of single pages and small blocks that each CPU keeps for each zone, in front of
 * the buddy allocator, so that most requests take no lock and neither split nor merge.  The way
 * that most requests go is inline, in pcp_fast.h.
 *
 * A list belongs to its CPU, which touches it with interrupts off: handlers allocate and free too.
 * LIFO: the page freed last is the one that this CPU's caches still hold.
 */
#ifndef MM_PCP_H
#define MM_PCP_H

#include "arch/x86/cpu/percpu.h"
#include "mm/pages/zone.h"

/* The largest blocks that have lists: those of small kernel objects, tables and stacks. */
#define PCP_MAX_ORDER 3u
/*
 * Pages moved between a list and its zone at a time, and how many a list may hold before it gives
 * some back.
 */
#define PCP_BATCH 16u
#define PCP_HIGH 48u

/* Linked through page->list.next; NULL after the last. */
struct page_stack {
	struct list *top;
	u32 count;
};

struct page_stacks {
	struct page_stack of[PCP_MAX_ORDER + 1][NR_ZONES];
};
DECLARE_PER_CPU(struct page_stacks, page_stacks);

/*
 * A block from this CPU's list for the zone.  A list that is empty is filled first, as far as the
 * zone then keeps `keep` pages.  NULL: none can be had.  Order 0 to PCP_MAX_ORDER.
 */
struct page *pcp_alloc(struct zone *zone, u32 order, u32 keep);
/* n blocks of this order, or all there are, back to the zone.  Interrupts off. */
void pcp_give_back(struct zone *zone, struct page_stack *stack, u32 order, u32 n);

/* Gives this CPU's lists back to the zones.  Interrupts in any state. */
void drain_local_pages(void);
/* The same on every online CPU.  As smp_call: interrupts on, no irq lock held. */
void drain_all_pages(void);

#endif
