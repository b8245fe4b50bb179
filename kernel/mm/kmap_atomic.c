/* Atomic kmaps, and what is done to whole pages through them. */
#include "arch/x86/fixmap.h"
#include "arch/x86/page_ops.h"
#include "lib/assert.h"
#include "mm/highmem.h"

void *kmap_atomic(struct page *page)
{
	if (page_is_high(page))
		return kmap_atomic_push(page_to_pfn(page), PAGE_KERNEL);
	INVARIANT(28, kmap_atomic_depth() < KMAP_ATOMIC_DEPTH, "more than %u atomic kmaps held", KMAP_ATOMIC_DEPTH);
	this_cpu_inc(nosleep.kmaps);
	return lowmem_page_address(page);
}

void kunmap_atomic(void *address)
{
	INVARIANT(30, kmap_atomic_depth() > 0, "kunmap_atomic of %p, but this CPU holds none", address);
	if ((uintptr_t)address >= FIXADDR_START)
		kmap_atomic_pop((uintptr_t)address);
	else
		this_cpu_dec(nosleep.kmaps);
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
