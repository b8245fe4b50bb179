/* Ranges of kernel addresses, and kernel stacks among them. */
#include "arch/x86/cpu/trap.h"
#include "arch/x86/paging/tlb.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/upcall.h"
#include "lib/string.h"
#include "mm/boot/ram_layout.h"
#include "mm/objects/kstack.h"
#include "mm/objects/vmalloc.h"
#include "mm/pages/page_alloc.h"
#include "mm/pages/zone.h"
#include "tests/checkers/page_counts.h"
#include "tests/kernel/machine/probe.h"
#include "tests/kernel/selftest.h"

static struct page *page_behind(uintptr_t address)
{
	return pfn_to_page(pte_pfn(*kernel_pte(address)));
}

/* By the entry, by the walk, and by an access. */
static void expect_not_mapped(uintptr_t address, const char *what)
{
	const pte_t *pte = kernel_pte(address);
	u32 value;

	EXPECT(47, pte && pte_none(*pte), "%s, 0x%lx: its entry", what, (unsigned long)address);
	EXPECT(47, !pgtable_walk(swapper_pg_dir, address).mapped, "%s, 0x%lx: the walk", what,
		(unsigned long)address);
	EXPECT(47, !probe_read(address, &value), "%s, 0x%lx: reading it", what,
		(unsigned long)address);
}

static void expect_mapped_as_data(uintptr_t address)
{
	struct walk walk = pgtable_walk(swapper_pg_dir, address);

	EXPECT(19,
		walk.mapped && walk.writable && !walk.user && walk.nx == (pte_nx_bit != 0) &&
			!(walk.leaf & _PAGE_USER),
		"0x%lx: mapped %d, writable %d, user %d, no-execute %d", (unsigned long)address,
		walk.mapped, walk.writable, walk.user, walk.nx);
}

static bool is_zero(const u32 *word, u32 n)
{
	for (u32 i = 0; i < n; i++)
		if (word[i])
			return false;
	return true;
}

/* Without the empty pages that object caches keep. */
static u32 pages_at_rest(void)
{
	settle_pages();
	return nr_free_pages() + nr_percpu_pages();
}

SELFTEST(vmalloc_pages, "vmalloc.pages", 7, "47, 51")
{
	u32 sum = pages_at_rest(), areas = vmalloc_stats().areas, size = 5 * PAGE_SIZE;
	u32 *one = vmalloc(size - 100, true), *other = vmalloc(size, false);
	uintptr_t start = (uintptr_t)one, second = (uintptr_t)other;

	if (!EXPECT(0, one && other, "two ranges of 5 pages"))
		return;
	EXPECT_EQ(47, vmalloc_stats().areas, areas + 2, "ranges in use");
	EXPECT(47, start > vmalloc_start && start + size < VMALLOC_END,
		"range at %p, vmalloc begins at 0x%lx", one, (unsigned long)vmalloc_start);
	EXPECT(47, start + size < second || second + size < start,
		"%p and %p of 5 pages, with a page between", one, other);
	expect_not_mapped(start - PAGE_SIZE, "the page before");
	expect_not_mapped(start + size, "the guard page after");
	for (u32 i = 0; i < 5; i++) {
		expect_mapped_as_data(start + i * PAGE_SIZE);
		EXPECT(49, !page_is_high(page_behind(second + i * PAGE_SIZE)),
			"page %u of a low range", i);
	}
	if (zones[ZONE_HIGHMEM].free > zones[ZONE_HIGHMEM].high)
		EXPECT(0, page_is_high(page_behind(start)),
			"high pages come first where they are allowed");
	EXPECT(0, is_zero(one, size / 4) && is_zero(other, size / 4), "new ranges are zeroed");
	memset(one, 0x11, size);
	memset(other, 0x22, size);
	EXPECT_EQ(
		51, one[size / 4 - 1], 0x11111111, "the first range after the second was written");
	vfree(one);
	expect_not_mapped(start, "a freed range");
	vfree(other);
	vfree(NULL);
	EXPECT_EQ(51, pages_at_rest(), sum, "free pages of the machine, before and after");
	EXPECT(0, !vmalloc(VMALLOC_MAX, true), "more than the whole area");
	EXPECT(0, !vmalloc(0, true), "nothing");
}

/* A gap is used again, but never so that its guard page is lost. */
SELFTEST(vmalloc_gaps, "vmalloc.gaps", 7, "47")
{
	u8 *first = vmalloc(2 * PAGE_SIZE, true), *middle = vmalloc(2 * PAGE_SIZE, true),
	   *last = vmalloc(2 * PAGE_SIZE, true);
	u8 *larger, *same;

	if (!EXPECT(0, first && middle && last, "three ranges of 2 pages"))
		return;
	vfree(middle);
	larger = vmalloc(3 * PAGE_SIZE, true);
	expect_not_mapped(
		(uintptr_t)last - PAGE_SIZE, "the page before a range that follows a gap");
	EXPECT(47, larger && larger != middle, "3 pages at %p, where only 2 and a guard page are",
		larger);
	same = vmalloc(2 * PAGE_SIZE, true);
	EXPECT_EQ(0, (uintptr_t)same, (uintptr_t)middle, "2 pages in the gap of 2 pages");
	expect_not_mapped((uintptr_t)last - PAGE_SIZE, "the guard page after the filled gap");
	vfree(larger);
	vfree(same);
	vfree(first);
	vfree(last);
}

/* What a flush leaves behind: a round if there are others, else an entry dropped here. */
static u32 flushes_counted(void)
{
	const struct tlb_stats *stats = this_cpu(tlb_stats);

	return cpu_online_count() > 1 ? stats->rounds : stats->invlpgs + stats->full_flushes;
}

SELFTEST(vmalloc_reuse, "vmalloc.reuse", 7, "25, 40")
{
	u32 *range = vmalloc(PAGE_SIZE, false), *again;
	struct page *former, *page;
	u32 before, value;

	if (!EXPECT(0, range != NULL, "a range of one page"))
		return;
	*range = 0x5EED;
	former = page_behind((uintptr_t)range);
	before = flushes_counted();
	vfree(range);
	EXPECT_EQ(25, flushes_counted(), before + 1, "flushes when a range is freed");
	EXPECT(25, !probe_read((uintptr_t)range, &value), "the freed range %p can be read", range);

	/*
	 * Another frame at the same address: whoever sees the former one has a stale translation.
	 */
	page = alloc_page(GFP_KERNEL);
	again = vmalloc(PAGE_SIZE, false);
	EXPECT_EQ(0, (uintptr_t)again, (uintptr_t)range, "address of the next range of that size");
	EXPECT(25, again && page_behind((uintptr_t)again) != former, "another frame behind %p",
		again);
	EXPECT(25, again && *again == 0, "what the new range holds");
	vfree(again);
	if (page)
		free_page(page);
}

static void vfree_it(void *address) { vfree(address); }

SELFTEST(vmalloc_misuse, "vmalloc.misuse", 7, "")
{
	u8 *range = vmalloc(2 * PAGE_SIZE, true);

	EXPECT(0, selftest_panics(vfree_it, range + PAGE_SIZE, 0),
		"freeing the second page of a range");
	vfree(range);
	EXPECT(0, selftest_panics(vfree_it, range, 0), "freeing range %p twice", range);
}

SELFTEST(vmalloc_device, "vmalloc.device", 7, "19")
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	phys_t phys = page_to_phys(page) + 0x124;
	u32 *direct = (u32 *)((u8 *)lowmem_page_address(page) + 0x124),
	    *mapped = vmap_device(phys, 4);
	uintptr_t address = (uintptr_t)mapped;

	if (!EXPECT(0, mapped != NULL, "mapping physical 0x%llx", phys))
		return;
	*direct = 0x600D;
	EXPECT_EQ(0, *mapped, 0x600D, "what is read at %p", mapped);
	EXPECT(19, (kernel_pte(address)->v & (_PAGE_PCD | _PAGE_PWT)) == (_PAGE_PCD | _PAGE_PWT),
		"entry of %p is uncached", mapped);
	expect_mapped_as_data(address);
	vunmap_device(mapped);
	expect_not_mapped(address & PAGE_MASK, "an unmapped device");
	EXPECT_EQ(51, atomic_read(&page->count), 1,
		"users of the frame: a device mapping frees none");
	EXPECT(0, !vmap_device(1ull << 44, 4) && !vmap_device((1ull << 44) + phys, 4),
		"a device beyond what entries reach");
	free_page(page);
}

SELFTEST(vmalloc_stack, "vmalloc.stack", 7, "49")
{
	uintptr_t top = kernel_stack_alloc("a-name-that-is-long"), bottom = top - KERNEL_STACK_SIZE;
	const char *owner;

	if (!EXPECT(0, top != 0, "a kernel stack"))
		return;
	expect_not_mapped(bottom - PAGE_SIZE, "the guard page");
	expect_not_mapped(top, "the page above the stack");
	for (uintptr_t page = bottom; page < top; page += PAGE_SIZE) {
		expect_mapped_as_data(page);
		EXPECT(49, !page_is_high(page_behind(page)), "stack page 0x%lx",
			(unsigned long)page);
	}
	owner = guard_page_owner(bottom - 4);
	EXPECT(0, owner && !strcmp(owner, "a-name-that-is-long"), "owner of the guard page: %s",
		owner ? owner : "nobody");
	EXPECT(0, guard_page_owner(bottom - PAGE_SIZE) == owner,
		"owner at the guard page's first byte");
	EXPECT(0, !guard_page_owner(bottom) && !guard_page_owner(top - 1),
		"the stack itself is no guard page");
	EXPECT(0, !guard_page_owner(0xFFFFFFFF) && !guard_page_owner(0),
		"addresses that are no stack's");
	owner = guard_page_owner((uintptr_t)boot_stack_guard);
	EXPECT(0, owner && !strcmp(owner, "boot"), "owner of the boot stack's guard page: %s",
		owner ? owner : "nobody");
	kernel_stack_free(top);
	EXPECT(0, !guard_page_owner(bottom - 4), "a freed stack's guard page has no owner");
}
