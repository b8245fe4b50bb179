/*
 * Poisoned pages, in builds with POISON=1; otherwise empty inline functions.  A page is filled when
 * it is freed, and checked when it is handed out.
 */
#ifndef MM_HOOKS_POISON_H
#define MM_HOOKS_POISON_H

#include "lib/types.h"

struct page;

#ifdef CONFIG_POISON
#define POISON_BYTE 0xCCu /* int3: faults when executed */
void poison_fill(struct page *page, u32 order);
void poison_check(struct page *page, u32 order);
#else
static inline void poison_fill(struct page *page, u32 order)
{
	(void)page;
	(void)order;
}
static inline void poison_check(struct page *page, u32 order)
{
	(void)page;
	(void)order;
}
#endif

#endif
