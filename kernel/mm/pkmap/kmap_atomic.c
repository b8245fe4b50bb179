/* Atomic kmaps, and what is done to whole pages through them. */
#include "arch/x86/paging/fixmap.h"
#include "arch/x86/paging/page_ops.h"
#include "lib/assert.h"
#include "mm/pkmap/highmem.h"

void *kmap_atomic_low(struct page *page)
{
	INVARIANT(28, kmap_atomic_depth() < KMAP_ATOMIC_DEPTH, "more than %u atomic kmaps held",
		KMAP_ATOMIC_DEPTH);
	this_cpu_inc(nosleep.kmaps);
	this_cpu_add(next_slot, -(int)PAGE_SIZE);
	return lowmem_page_address(page);
}

void kunmap_atomic_low(void)
{
	this_cpu_add(next_slot, PAGE_SIZE);
	this_cpu_dec(nosleep.kmaps);
}

__noreturn void kunmap_atomic_none(const void *address)
{
	panic_at(PANIC_SITE(30), "kunmap_atomic of %p, but this CPU holds none", address);
}

void clear_page(struct page *page)
{
	void *address = kmap_atomic(page);

	fill_page_at(address, 0);
	kunmap_atomic(address);
}

void copy_page(struct page *to, struct page *from)
{
	void *source = kmap_atomic(from);
	void *target = kmap_atomic(to);

	copy_page_at(target, source);
	kunmap_atomic(target);
	kunmap_atomic(source);
}
