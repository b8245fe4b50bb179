/*
 * Kernel stacks, and whose guard page an address lies in.
 *
 * Who runs over the end of a stack is named by the double-fault task, on any CPU at any moment.  So
 * the names lie in a table that is read without a lock and that only ever grows: a chain of low
 * pages, none of which is freed.
 */
#include "mm/objects/kstack.h"

#include "arch/x86/cpu/spinlock.h"
#include "arch/x86/paging/layout.h"
#include "arch/x86/upcall.h"
#include "lib/string.h"
#include "mm/hooks/stack_depth.h"
#include "mm/objects/vmalloc.h"
#include "mm/pages/page_alloc.h"

struct stack_name {
	uintptr_t bottom; /* 0: not in use.  Set after the name, cleared before it changes. */
	char owner[16];
};

#define NAMES_PER_PAGE ((PAGE_SIZE - sizeof(void *)) / sizeof(struct stack_name))

struct name_page {
	struct name_page *next;
	struct stack_name name[NAMES_PER_PAGE];
};

static struct name_page *name_pages;
static struct spinlock names_lock = SPINLOCK_INIT("stack names"); /* writers */

/* The entry with this bottom; 0: a free one. */
static struct stack_name *find_name(uintptr_t bottom)
{
	for (struct name_page *page = READ_ONCE(name_pages); page; page = READ_ONCE(page->next))
		for (u32 i = 0; i < NAMES_PER_PAGE; i++)
			if (READ_ONCE(page->name[i].bottom) == bottom)
				return &page->name[i];
	return NULL;
}

/* Enters a name if there is room for it.  Lock held. */
static bool enter_name(uintptr_t bottom, const char *owner)
{
	struct stack_name *name = find_name(0);

	if (!name)
		return false;
	strlcpy(name->owner, owner, sizeof(name->owner));
	smp_wmb(); /* guard_page_owner() on another CPU: who sees the bottom sees the whole name */
	WRITE_ONCE(name->bottom, bottom);
	return true;
}

static void add_name_page(struct name_page *page)
{
	page->next = name_pages;
	smp_wmb(); /* find_name() on another CPU: the page is linked to the rest when it is seen */
	WRITE_ONCE(name_pages, page);
}

/* A new page is made without the lock, so another CPU may have made one too: then both are used. */
static bool remember_name(uintptr_t bottom, const char *owner)
{
	for (;;) {
		struct name_page *page;
		bool entered;

		spin_lock(&names_lock);
		entered = enter_name(bottom, owner);
		spin_unlock(&names_lock);
		if (entered)
			return true;
		page = get_zeroed_page(GFP_KERNEL);
		if (!page)
			return false;
		spin_lock(&names_lock);
		add_name_page(page);
		spin_unlock(&names_lock);
	}
}

static void forget_name(uintptr_t bottom)
{
	struct stack_name *name;

	spin_lock(&names_lock);
	name = find_name(bottom);
	if (name)
		WRITE_ONCE(name->bottom, 0);
	spin_unlock(&names_lock);
}

uintptr_t kernel_stack_alloc(const char *owner)
{
	uintptr_t bottom = (uintptr_t)vmalloc(KERNEL_STACK_SIZE, false);

	if (!bottom)
		return 0;
	stack_depth_made(bottom, owner);
	if (remember_name(bottom, owner))
		return bottom + KERNEL_STACK_SIZE;
	stack_depth_gone(bottom);
	vfree((void *)bottom);
	return 0;
}

void kernel_stack_free(uintptr_t top)
{
	uintptr_t bottom = top - KERNEL_STACK_SIZE;

	forget_name(bottom);
	stack_depth_gone(bottom);
	vfree((void *)bottom);
}

const char *guard_page_owner(uintptr_t address)
{
	uintptr_t bottom = ALIGN_DOWN(address, PAGE_SIZE) + PAGE_SIZE;
	struct stack_name *name;

	if (address >= (uintptr_t)boot_stack_guard && address < (uintptr_t)boot_stack)
		return "boot";
	name = bottom ? find_name(bottom) : NULL;
	return name ? name->owner : NULL;
}
