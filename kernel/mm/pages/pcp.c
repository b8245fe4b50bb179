/* Per-CPU lists of single pages and small blocks: see pcp.h. */
#include "mm/pages/pcp.h"

#include "arch/x86/smp/cpumask.h"
#include "arch/x86/smp/smp_call.h"
#include "mm/pages/buddy.h"
#include "mm/pages/pcp_fast.h"
#include "mm/pages/watermarks.h"

DEFINE_PER_CPU(struct page_stacks, page_stacks);

static __noinline void refill(struct zone *zone, struct page_stack *stack, u32 order, u32 keep)
{
	u32 flags = spin_lock_irqsave(&zone->lock);

	while (stack->count < PCP_BATCH >> order && zone->free >= keep + (1u << order)) {
		struct page *page = buddy_alloc(zone, order);

		if (!page)
			break;
		page_stack_push(stack, page);
	}
	zone_note_level(zone);
	spin_unlock_irqrestore(&zone->lock, flags);
}

void pcp_give_back(struct zone *zone, struct page_stack *stack, u32 order, u32 n)
{
	u32 flags = spin_lock_irqsave(&zone->lock);

	n = MIN(n, stack->count);
	stack->count -= n;
	for (; n > 0; n--)
		buddy_free(zone, page_stack_unlink(stack), order);
	zone_note_level(zone);
	spin_unlock_irqrestore(&zone->lock, flags);
}

struct page *pcp_alloc(struct zone *zone, u32 order, u32 keep)
{
	u32 flags = irq_save();
	struct page_stack *stack = &this_cpu(page_stacks)->of[order][zone->type];
	struct page *page;

	if (!stack->top)
		refill(zone, stack, order, keep);
	page = stack->top ? page_stack_pop(stack) : NULL;
	irq_restore(flags);
	return page;
}

/* One batch back to a zone, so that interrupts are off for no longer; false: the list is empty. */
static bool drain_batch(u32 i, u32 order)
{
	u32 flags = irq_save();
	struct page_stack *stack = &this_cpu(page_stacks)->of[order][i];
	bool some = stack->count;

	if (some)
		pcp_give_back(&zones[i], stack, order, PCP_BATCH >> order);
	irq_restore(flags);
	return some;
}

void drain_local_pages(void)
{
	for (u32 order = 0; order <= PCP_MAX_ORDER; order++)
		for (u32 i = 0; i < NR_ZONES; i++)
			while (drain_batch(i, order))
				;
}

static void drain_here(void *unused)
{
	(void)unused;
	drain_local_pages();
}

void drain_all_pages(void)
{
	u32 others = cpus_online() & ~(1u << smp_processor_id());

	drain_local_pages();
	if (others)
		smp_call(others, drain_here, NULL);
}
