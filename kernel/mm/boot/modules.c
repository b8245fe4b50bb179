/* Boot modules, out of low memory. */
#include "mm/boot/modules.h"

#include "arch/x86/console/console.h"
#include "arch/x86/paging/page_ops.h"
#include "lib/string.h"
#include "mm/boot/ram_layout.h"
#include "mm/pages/page_alloc.h"
#include "mm/pages/zone.h"
#include "mm/pkmap/kmap_atomic.h"

struct module modules[BOOT_MAX_MODULES];
u32 nmodules;

static pfn_t first_pfn(const struct boot_module *boot) { return phys_to_pfn(boot->start); }

static pfn_t end_pfn(const struct boot_module *boot)
{
	return phys_to_pfn(boot->end + PAGE_SIZE - 1);
}

static void release_pages(struct module *module)
{
	while (!list_empty(&module->pages)) {
		struct page *page = list_first(&module->pages, struct page, list);

		list_remove(&page->list);
		free_page(page);
	}
}

/* High pages for the whole module, or none. */
static bool take_high_pages(struct module *module)
{
	for (u32 i = 0; i < module->npages; i++) {
		struct page *page = alloc_page(GFP_HIGHUSER);

		if (page)
			list_append(&module->pages, &page->list);
		if (!page || !page_is_high(page)) {
			release_pages(module);
			return false;
		}
	}
	return true;
}

static void copy_low_to_high(struct module *module, pfn_t pfn)
{
	list_for_each(node, &module->pages) {
		void *to = kmap_atomic(list_entry(node, struct page, list));

		copy_page_at(to, pfn_to_virt(pfn++));
		kunmap_atomic(to);
	}
}

static bool move_to_high(struct module *module, const struct boot_module *boot)
{
	if (!take_high_pages(module))
		return false;
	copy_low_to_high(module, first_pfn(boot));
	zone_add_pages(first_pfn(boot), end_pfn(boot));
	return true;
}

static void keep_in_place(struct module *module, const struct boot_module *boot)
{
	for (pfn_t pfn = first_pfn(boot); pfn < end_pfn(boot); pfn++)
		list_append(&module->pages, &pfn_to_page(pfn)->list);
}

/* All bytes added up, so that a person or a test can compare with the file. */
static u32 module_sum(const struct module *module)
{
	u64 left = module->size;
	u32 offset = module->offset, sum = 0;

	list_for_each(node, &module->pages) {
		const u8 *bytes = kmap_atomic(list_entry(node, struct page, list));

		for (; offset < PAGE_SIZE && left; left--)
			sum += bytes[offset++];
		offset = 0;
		kunmap_atomic((void *)bytes);
	}
	return sum;
}

static void module_take(u32 n)
{
	const struct boot_module *boot = &bootinfo.module[n];
	struct module *module = &modules[nmodules];

	if (boot->fault) {
		pr_warn("boot module %s at %llx to %llx: %s, ignored\n", boot->name, boot->start,
			boot->end, boot->fault);
		return;
	}
	list_init(&module->pages);
	strlcpy(module->name, boot->name, sizeof(module->name));
	module->size = boot->end - boot->start;
	module->offset = (u32)boot->start & ~PAGE_MASK;
	module->npages = end_pfn(boot) - first_pfn(boot);
	module->high = first_pfn(boot) >= highstart_pfn ||
		       (end_pfn(boot) <= max_low_pfn && move_to_high(module, boot));
	if (list_empty(&module->pages))
		keep_in_place(module, boot);
	module->sum = module_sum(module);
	nmodules++;
}

void modules_take(void)
{
	for (u32 n = 0; n < bootinfo.nmodules; n++)
		module_take(n);
}
