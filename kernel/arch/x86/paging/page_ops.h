/*
 * Whole pages, and words, filled and copied where they are mapped.  A string instruction moves four
 * bytes a step.
 */
#ifndef ARCH_X86_PAGE_OPS_H
#define ARCH_X86_PAGE_OPS_H

#include "arch/x86/paging/page.h"

/* Every word of the page becomes `word`. */
static inline void fill_page_at(void *page, u32 word)
{
	u32 n = PAGE_SIZE / 4;

	__asm__ volatile("rep stosl" : "+D"(page), "+c"(n) : "a"(word) : "memory");
}

static inline void copy_words(void *to, const void *from, u32 n)
{
	__asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(n)::"memory");
}

static inline void copy_page_at(void *to, const void *from) { copy_words(to, from, PAGE_SIZE / 4); }

#endif
