/*
 * High pages for a test, each marked with its own frame number: what a page holds tells whose it
 * is.
 */
#ifndef TESTS_HIGHPAGES_H
#define TESTS_HIGHPAGES_H

#include "mm/pkmap/highmem.h"

#define HIGH_PAGES_MAX (3 * PKMAP_SLOTS_MAX)

extern struct page *high_page[HIGH_PAGES_MAX];
extern u32 high_pages;

/*
 * Takes and marks `n` high pages.  False, with the test skipped, if there are not so many.  One set
 * at a time; given back by high_pages_free(), which wants none of them kmapped.
 */
bool high_pages_take(u32 n);
void high_pages_free(void);
/*
 * One block of high pages, not marked, for the caller to free; NULL, with the test skipped, if
 * there is none.
 */
struct page *high_block_take(u32 order);

/* The first word of a page must be this. */
static inline u32 mark_of(const struct page *page) { return page_to_pfn(page) ^ 0xA5A5A5A5u; }
static inline bool marked(const void *address, const struct page *page)
{
	return READ_ONCE(*(const u32 *)address) == mark_of(page);
}

/* What CPU `cpu` reads at an address, by an interrupt to it. */
u32 read_on_cpu(u32 cpu, uintptr_t address);

/* Fails the running test if the pool is not as it must be, with so many uses outstanding. */
void expect_pool(int uses, const char *when);

#endif
