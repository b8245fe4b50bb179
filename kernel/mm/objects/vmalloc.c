/*
 * Ranges of kernel addresses: see vmalloc.h.
 *
 * The ranges in use are a list in order of address.  A range leaves it only after every CPU has
 * flushed it, so nobody is ever given an address of which some CPU still holds an old translation.
 */
#include "mm/objects/vmalloc.h"

#include "arch/x86/hooks/tlb_shadow.h"
#include "arch/x86/paging/tlb.h"
#include "lib/assert.h"
#include "mm/boot/ram_layout.h"
#include "mm/objects/objcache.h"
#include "mm/pages/page_alloc.h"
#include "mm/wait.h"

struct vm_range {
	struct list node;
	uintptr_t start;
	u32 pages;    /* without the guard page after it */
	bool device;  /* maps frames that are not ours to free */
	bool leaving; /* being unmapped: only the flush holds it in the list */
};

static struct spinlock vmalloc_lock = SPINLOCK_INIT("vmalloc");
static struct list ranges = LIST_INIT(ranges); /* vmalloc_lock */
static struct vmalloc_stats stats;             /* vmalloc_lock */

static uintptr_t range_end(const struct vm_range *range)
{
	return range->start + (uintptr_t)range->pages * PAGE_SIZE;
}

/* Puts the range into the first gap that holds it and a guard page.  False if there is none. */
static bool insert_range(struct vm_range *range)
{
	uintptr_t start = vmalloc_start + PAGE_SIZE;
	uintptr_t size = ((uintptr_t)range->pages + 1) * PAGE_SIZE;
	struct list *after = ranges.prev;

	list_for_each(node, &ranges) {
		const struct vm_range *next = list_entry(node, struct vm_range, node);

		if (next->start - start >= size) {
			after = node->prev;
			break;
		}
		start = range_end(next) + PAGE_SIZE;
	}
	if (start > VMALLOC_END || VMALLOC_END - start < size)
		return false;
	range->start = start;
	list_push(after, &range->node);
	return true;
}

static struct vm_range *range_create(size_t size, bool device)
{
	struct vm_range *range;
	bool found;

	/* Also keeps the sums of insert_range() from wrapping. */
	if (size == 0 || size > VMALLOC_MAX)
		return NULL;
	range = kmalloc(sizeof(*range), GFP_KERNEL);
	if (!range)
		return NULL;
	range->pages = (u32)((size + PAGE_SIZE - 1) / PAGE_SIZE);
	range->device = device;
	spin_lock(&vmalloc_lock);
	found = insert_range(range);
	stats.areas += found;
	stats.pages += found ? range->pages : 0;
	spin_unlock(&vmalloc_lock);
	if (found) {
		shadow_check_range(range->start, range_end(range));
		return range;
	}
	kfree(range);
	return NULL;
}

/* The range that begins at `address`, from now on leaving. */
static struct vm_range *find_range(uintptr_t address, bool device)
{
	struct vm_range *found = NULL;

	spin_lock(&vmalloc_lock);
	list_for_each(node, &ranges) {
		struct vm_range *range = list_entry(node, struct vm_range, node);

		if (range->start == address && range->device == device && !range->leaving)
			found = range;
	}
	if (found)
		found->leaving = true;
	spin_unlock(&vmalloc_lock);
	ASSERT(found, "0x%lx is not the start of a %s range in use", (unsigned long)address,
		device ? "device" : "memory");
	return found;
}

static pte_t *range_pte(const struct vm_range *range, u32 i)
{
	uintptr_t address = range->start + (uintptr_t)i * PAGE_SIZE;
	pte_t *pte = kernel_pte(address);

	INVARIANT(
		19, pte, "no page table stands for vmalloc address 0x%lx", (unsigned long)address);
	return pte;
}

/* Clears the range's entries; the frames, if they are ours, go onto `pages`. */
static __always_inline void unmap_range(const struct vm_range *range, struct list *pages)
{
	for (u32 i = 0; i < range->pages; i++) {
		uintptr_t address = range->start + (uintptr_t)i * PAGE_SIZE;
		pte_t *pte = range_pte(range, i), former = *pte;

		if (pte_none(former))
			continue;
		pte_clear(pte);
		shadow_unmapped(address);
		if (range->device)
			continue;
		pending_frame_kernel(&pfn_to_page(pte_pfn(former))->pending, address);
		list_append(pages, &pfn_to_page(pte_pfn(former))->list);
	}
}

/* From the lowest to the highest: many pages are one full flush. */
static __always_inline void flush_ranges(struct vm_range *const *gone, u32 n)
{
	uintptr_t start = gone[0]->start, end = range_end(gone[0]);

	for (u32 i = 1; i < n; i++) {
		start = MIN(start, gone[i]->start);
		end = MAX(end, range_end(gone[i]));
	}
	flush_tlb_kernel_range(start, end);
	for (u32 i = 0; i < n; i++)
		shadow_check_range(gone[i]->start, range_end(gone[i]));
}

static void forget_range(struct vm_range *range)
{
	spin_lock(&vmalloc_lock);
	list_remove(&range->node);
	stats.areas--;
	stats.pages -= range->pages;
	spin_unlock(&vmalloc_lock);
	kfree(range);
}

/*
 * Entries, flush on every CPU, frames, ranges: in this order (see above).  Inline, as what it
 * calls: most often it is one range, and no loop is left then.
 */
static __always_inline void ranges_destroy(struct vm_range *const *gone, u32 n)
{
	struct list pages = LIST_INIT(pages);

	for (u32 i = 0; i < n; i++)
		unmap_range(gone[i], &pages);
	flush_ranges(gone, n);
	list_for_each_safe(node, &pages) free_page(list_entry(node, struct page, list));
	for (u32 i = 0; i < n; i++)
		forget_range(gone[i]);
}

static void range_destroy(struct vm_range *range) { ranges_destroy(&range, 1); }

static bool map_new_pages(const struct vm_range *range, u32 gfp)
{
	for (u32 i = 0; i < range->pages; i++) {
		struct page *page = alloc_page(gfp);

		if (!page)
			return false;
		set_pte(range_pte(range, i), pfn_pte(page_to_pfn(page), PAGE_KERNEL));
	}
	return true;
}

void *vmalloc(size_t size, bool high)
{
	struct vm_range *range;

	might_sleep("vmalloc", CALLER());
	range = range_create(size, false);
	if (!range)
		return NULL;
	if (!map_new_pages(range, GFP_KERNEL | __GFP_ZERO | (high ? __GFP_HIGHMEM : 0))) {
		range->leaving = true;
		range_destroy(range);
		return NULL;
	}
	return (void *)range->start;
}

void vfree(void *address)
{
	if (!address)
		return;
	might_sleep("vfree", CALLER());
	range_destroy(find_range((uintptr_t)address, false));
}

void vfree_together(void *const *addresses, u32 n)
{
	struct vm_range *gone[VFREE_TOGETHER];

	might_sleep("vfree", CALLER());
	for (u32 i = 0; i < n; i++)
		gone[i] = find_range((uintptr_t)addresses[i], false);
	if (n)
		ranges_destroy(gone, n);
}

void *vmap_device(phys_t phys, size_t size)
{
	u32 offset = (u32)phys & (PAGE_SIZE - 1);
	struct vm_range *range;

	might_sleep("vmap_device", CALLER());
	/* The last keeps the sum below from wrapping. */
	if (!phys_reachable(phys) || size > pfn_to_phys(reachable_pfns()) - phys ||
		size > VMALLOC_MAX)
		return NULL;
	range = range_create(size ? offset + size : 0, true);
	if (!range)
		return NULL;
	for (u32 i = 0; i < range->pages; i++)
		set_pte(range_pte(range, i), pfn_pte(phys_to_pfn(phys) + i, PAGE_KERNEL_DEVICE));
	return (void *)(range->start + offset);
}

void vunmap_device(void *address)
{
	might_sleep("vunmap_device", CALLER());
	range_destroy(find_range(ALIGN_DOWN((uintptr_t)address, PAGE_SIZE), true));
}

struct vmalloc_stats vmalloc_stats(void)
{
	struct vmalloc_stats copy;

	spin_lock(&vmalloc_lock);
	copy = stats;
	spin_unlock(&vmalloc_lock);
	return copy;
}
