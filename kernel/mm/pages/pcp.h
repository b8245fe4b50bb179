/*
 * The short lists of single pages and small blocks that each CPU keeps for each zone, in front of
 * the buddy allocator, so that most requests take no lock and neither split nor merge.  For
 * page_alloc.c alone; drain_*_pages() and nr_percpu_pages() are in page_alloc.h.
 *
 * A list belongs to its CPU, which touches it with interrupts off: handlers allocate and free too.
 * LIFO: the page freed last is the one that this CPU's caches still hold.
 */
#ifndef MM_PCP_H
#define MM_PCP_H

#include "arch/x86/cpu/irq_flags.h"
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

/* Interrupts off; the list is not empty.  The count is the caller's. */
static inline struct page *page_stack_unlink(struct page_stack *stack)
{
	struct page *page = list_entry(stack->top, struct page, list);

	stack->top = page->list.next;
	page->flags &= ~PG_PERCPU;
	return page;
}

static inline struct page *page_stack_pop(struct page_stack *stack)
{
	stack->count--;
	return page_stack_unlink(stack);
}

static inline void page_stack_push(struct page_stack *stack, struct page *page)
{
	page->flags |= PG_PERCPU;
	page->list.next = stack->top;
	stack->top = &page->list;
	stack->count++;
}

/* n blocks of this order, or all there are, back to the zone.  Interrupts off. */
void pcp_give_back(struct zone *zone, struct page_stack *stack, u32 order, u32 n);

/*
 * The way most requests go: a block from this CPU's list for the zone, NULL if it is empty.  Order
 * 0 to PCP_MAX_ORDER, here and below.
 */
static inline struct page *pcp_pop(enum zone_type type, u32 order)
{
	u32 flags = irq_save();
	struct page_stack *stack = &this_cpu(page_stacks)->of[order][type];
	struct page *page = likely(stack->top) ? page_stack_pop(stack) : NULL;

	irq_restore(flags);
	return page;
}

/*
 * The same, with the list filled first if it is empty, so far as the zone then keeps `keep` pages.
 */
struct page *pcp_alloc(struct zone *zone, u32 order, u32 keep);

static inline void pcp_free(struct page *page, u32 order)
{
	u32 flags = irq_save();
	struct page_stack *stack = &this_cpu(page_stacks)->of[order][page_zone_type(page)];

	page_stack_push(stack, page);
	if (unlikely(stack->count > PCP_HIGH >> order))
		pcp_give_back(page_zone(page), stack, order, PCP_BATCH >> order);
	irq_restore(flags);
}

#endif
