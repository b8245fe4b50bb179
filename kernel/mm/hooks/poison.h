/*
 * Freed pages are filled with a byte, and looked at when they are handed out again: another byte
 * means that somebody wrote to the page after it was freed.  Compiled with CONFIG_POISON only;
 * otherwise empty inline functions.
 */
#ifndef MM_HOOKS_POISON_H
#define MM_HOOKS_POISON_H

#include "mm/pages/page.h"

#ifdef CONFIG_POISON

#define POISON_BYTE 0xCCu /* int3: faults when executed */
/* A block that is being freed. */
void poison_fill(struct page *page, u32 order);
/* A block that is being handed out.  Panics if a page was written to meanwhile. */
void poison_check(struct page *page, u32 order);

#else

static inline void poison_fill(__maybe_unused struct page *page, __maybe_unused u32 order) {}
static inline void poison_check(__maybe_unused struct page *page, __maybe_unused u32 order) {}

#endif
#endif
