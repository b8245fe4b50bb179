/* High pages for a test. */
#include "tests/kernel/mm/highpages.h"

#include "arch/x86/smp/smp_call.h"
#include "mm/pages/page_alloc.h"
#include "mm/pkmap/kmap_atomic.h"
#include "tests/checkers/pkmap_check.h"
#include "tests/kernel/selftest.h"

struct page *high_page[HIGH_PAGES_MAX];
u32 high_pages;

static void mark(struct page *page)
{
	u32 *address = kmap_atomic(page);

	*address = mark_of(page);
	kunmap_atomic(address);
}

/* A request for high memory may get low memory: what is wanted here is high memory itself. */
struct page *high_block_take(u32 order)
{
	struct page *block = alloc_pages(GFP_HIGHUSER, order);

	if (block && page_is_high(block))
		return block;
	if (block)
		free_pages(block, order);
	selftest_skip("too few high pages");
	return NULL;
}

bool high_pages_take(u32 n)
{
	for (high_pages = 0; high_pages < n; high_pages++) {
		struct page *page = high_block_take(0);

		if (!page) {
			high_pages_free();
			return false;
		}
		high_page[high_pages] = page;
		mark(page);
	}
	return true;
}

void high_pages_free(void)
{
	while (high_pages)
		free_page(high_page[--high_pages]);
}

struct remote_read {
	uintptr_t address;
	u32 value;
};

static void read_here(void *arg)
{
	struct remote_read *read = arg;

	read->value = *(volatile u32 *)read->address;
}

u32 read_on_cpu(u32 cpu, uintptr_t address)
{
	struct remote_read read = { .address = address };

	smp_call(1u << cpu, read_here, &read);
	return read.value;
}

void expect_pool(int uses, const char *when)
{
	u32 slot;
	const char *wrong = pkmap_check(uses, &slot);

	EXPECT(1, !wrong, "%s: slot %u: %s", when, slot, wrong);
}
