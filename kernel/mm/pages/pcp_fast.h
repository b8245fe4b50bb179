/*
 * The way that most requests and frees go: one block from or to this CPU's list, with interrupts
 * off and no lock.  The lists are described in pcp.h, whose subject this is.
 */
#ifndef MM_PCP_FAST_H
#define MM_PCP_FAST_H

#include "arch/x86/cpu/irq_flags.h"
#include "mm/pages/pcp.h"

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

/* A block from this CPU's list, NULL if it is empty.  Order 0 to PCP_MAX_ORDER, here and below. */
static inline struct page *pcp_pop(enum zone_type type, u32 order)
{
	u32 flags = irq_save();
	struct page_stack *stack = &this_cpu(page_stacks)->of[order][type];
	struct page *page = likely(stack->top) ? page_stack_pop(stack) : NULL;

	irq_restore(flags);
	return page;
}

/* A block to this CPU's list; a list that is too long gives some back to its zone. */
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
