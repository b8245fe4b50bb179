/* Modules become a task's: see user_adopt.h. */
#include "mm/user/user_adopt.h"

#include "lib/abi/abi.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/pages/page_alloc.h"
#include "mm/pages/zone.h"
#include "mm/pkmap/kmap_atomic.h"
#include "mm/user/account.h"
#include "mm/user/user_page.h"

/*
 * A frame where the loader put it was never the page allocator's: its content moves, and it goes.
 */
static struct page *copy_reserved(struct page *page)
{
	struct page *copy = alloc_page(GFP_HIGHUSER);

	if (!copy)
		return NULL;
	copy_page(copy, page);
	zone_add_pages(page_to_pfn(page), page_to_pfn(page) + 1);
	return copy;
}

static void zero_part(struct page *page, u32 from, u32 to)
{
	u8 *bytes = kmap_atomic(page);

	memset(bytes + from, 0, to - from);
	kunmap_atomic(bytes);
}

/* The module's first page, out of its list; NULL: no memory, it is still there. */
static struct page *take_page(struct module *module)
{
	struct page *page = list_first(&module->pages, struct page, list);
	bool reserved = page->flags & PG_RESERVED;
	struct list *next = page->list.next;

	if (!reserved) {
		list_remove(&page->list);
		return page;
	}
	page = copy_reserved(page);
	if (page) {
		module->pages.next = next;
		next->prev = &module->pages;
	}
	return page;
}

int user_adopt_module(struct mm *mm, uintptr_t address, struct module *module)
{
	u32 end = module->offset + (u32)module->size;

	for (u32 i = 0; i < module->npages; i++, address += PAGE_SIZE) {
		struct page *page;
		int error;

		if (!account_charge(mm->account, PAGE_SIZE))
			return -EQUOTA;
		page = take_page(module);
		if (!page) {
			account_return(mm->account, PAGE_SIZE);
			return -ENOMEM;
		}
		if (i == 0)
			zero_part(page, 0, module->offset);
		if (i == module->npages - 1)
			zero_part(page, end - i * PAGE_SIZE, PAGE_SIZE);
		error = user_place_page(mm, address, page, PROT_READ | PROT_WRITE, false);
		if (error)
			return error;
	}
	return 0;
}
