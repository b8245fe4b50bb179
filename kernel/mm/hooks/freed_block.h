/*
 * A freed block lies in its zone, and no page of it is free already (invariant 47).  Builds with
 * POISON=1 look at every page of the block; page_alloc.c looks at the first one in every build.
 */
#ifndef MM_HOOKS_FREED_BLOCK_H
#define MM_HOOKS_FREED_BLOCK_H

#include "mm/pages/zone.h"

#ifdef CONFIG_POISON

/* The zone's lock is held.  Panics if the block is not what it should be. */
void freed_block_check(const struct zone *zone, const struct page *page, u32 order);

#else

static inline void freed_block_check(__maybe_unused const struct zone *zone,
	__maybe_unused const struct page *page, __maybe_unused u32 order)
{
}

#endif
#endif
