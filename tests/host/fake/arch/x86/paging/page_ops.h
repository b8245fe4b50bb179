/*
 * Host tests: in place of kernel/arch/x86/paging/page_ops.h, in C, so that the sanitizers see the
 * accesses.
 */
#ifndef ARCH_X86_PAGE_OPS_H
#define ARCH_X86_PAGE_OPS_H

#include "arch/x86/paging/page.h"

static inline void fill_page_at(void *page, u32 word)
{
	for (u32 i = 0; i < PAGE_SIZE / 4; i++)
		((volatile u32 *)page)[i] = word;
}

static inline void copy_words(void *to, const void *from, u32 n)
{
	for (u32 i = 0; i < n; i++)
		((volatile u32 *)to)[i] = ((const volatile u32 *)from)[i];
}

static inline void copy_page_at(void *to, const void *from) { copy_words(to, from, PAGE_SIZE / 4); }

#endif
