/*
 * Kernel stacks: see kstack.h.
 *
 * Who runs over the end of a stack is named by the double-fault task, on any CPU at any moment.  So
 * what is known of stacks lies in a table that is read without a lock and that only ever grows.
 * The place of a stack in it follows from its address, so that it is found at once.
 */
#include "mm/objects/kstack.h"

#include "arch/x86/cpu/spinlock.h"
#include "arch/x86/paging/layout.h"
#include "arch/x86/upcall.h"
#include "lib/assert.h"
#include "mm/boot/ram_layout.h"
#include "mm/hooks/stack_depth.h"
#include "mm/objects/vmalloc.h"
#include "mm/pages/page_alloc.h"
#include "mm/pages/watermarks.h"
#include "mm/wait.h"

/* Bottoms of two stacks are at least this far apart. */
#define STACK_SPACING (KERNEL_STACK_SIZE + PAGE_SIZE)
#define STACKS_PER_PAGE ((u32)(PAGE_SIZE / sizeof(struct kernel_stack)))
#define TABLE_PAGES (VMALLOC_MAX / STACK_SPACING / STACKS_PER_PAGE + 1)

/* The table, in low pages that are never freed; NULL: no stack has been there yet. */
static struct kernel_stack *stack_table[TABLE_PAGES];
static struct spinlock table_lock = SPINLOCK_INIT("stack table"); /* writers of stack_table */

DEFINE_PER_CPU(struct stack_list, stack_list);

/* The number of the stack with this bottom; no other stack that is mapped has it. */
static inline u32 stack_number(uintptr_t bottom)
{
	return (u32)((bottom - vmalloc_start) / STACK_SPACING);
}

/* The place of a stack with this bottom; NULL: none has been there. */
static inline struct kernel_stack *stack_place(uintptr_t bottom)
{
	u32 number = stack_number(bottom);
	struct kernel_stack *page = READ_ONCE(stack_table[number / STACKS_PER_PAGE]);

	return page ? page + number % STACKS_PER_PAGE : NULL;
}

/* Another CPU may have made the same page meanwhile: then that one is used. */
static void enter_table_page(u32 i, struct kernel_stack *page)
{
	bool needed;

	spin_lock(&table_lock);
	needed = !stack_table[i];
	if (needed)
		/*
		 * x86 keeps stores in order: who sees the page, without the lock, sees it zeroed.
		 */
		WRITE_ONCE(stack_table[i], page);
	spin_unlock(&table_lock);
	if (!needed)
		free_page_at(page);
}

/* The same, made if need be; NULL: no memory. */
static struct kernel_stack *make_place(uintptr_t bottom)
{
	if (!stack_place(bottom)) {
		struct kernel_stack *page = get_zeroed_page(GFP_KERNEL);

		if (!page)
			return NULL;
		enter_table_page(stack_number(bottom) / STACKS_PER_PAGE, page);
	}
	return stack_place(bottom);
}

/* A new stack, in use by nobody yet. */
static __cold struct kernel_stack *stack_create(void)
{
	uintptr_t bottom = (uintptr_t)vmalloc(KERNEL_STACK_SIZE, false);
	struct kernel_stack *stack;

	if (!bottom)
		return NULL;
	stack = make_place(bottom);
	if (stack)
		stack->bottom = bottom;
	else
		vfree((void *)bottom);
	return stack;
}

/* From this CPU's list, which is not empty. */
static inline struct kernel_stack *pop(struct stack_list *list)
{
	struct kernel_stack *stack = list->head;

	list->head = stack->next;
	list->count--;
	return stack;
}

uintptr_t kernel_stack_alloc(const char *owner)
{
	struct stack_list *list = this_cpu(stack_list);
	struct kernel_stack *stack;

	might_sleep("kernel_stack_alloc", CALLER());
	stack = likely(list->head) ? pop(list) : stack_create();
	if (unlikely(!stack))
		return 0;
	WRITE_ONCE(stack->owner, owner);
	stack_depth_made(stack->bottom, owner);
	return stack->bottom + KERNEL_STACK_SIZE;
}

/*
 * The stack with this bottom, any address; NULL: there is none.  One that was given back has no
 * owner.
 */
static inline struct kernel_stack *find_stack(uintptr_t bottom)
{
	struct kernel_stack *stack;

	if (bottom < vmalloc_start || bottom >= VMALLOC_END)
		return NULL;
	stack = stack_place(bottom);
	return stack && READ_ONCE(stack->bottom) == bottom ? stack : NULL;
}

void kernel_stack_free(uintptr_t top)
{
	struct kernel_stack *stack = find_stack(top - KERNEL_STACK_SIZE);
	struct stack_list *list = this_cpu(stack_list);

	INVARIANT(70, stack && stack->owner, "0x%lx is not the top of a kernel stack in use",
		(unsigned long)top);
	WRITE_ONCE(stack->owner, NULL);
	stack_depth_gone(stack->bottom);
	stack->next = list->head;
	list->head = stack;
	list->count++;
}

/* Towards the mark: as many as one flush serves. */
static u32 free_some(struct stack_list *list, u32 mark)
{
	void *bottoms[VFREE_TOGETHER];
	u32 n = 0;

	while (list->count > mark && n < VFREE_TOGETHER)
		bottoms[n++] = (void *)pop(list)->bottom;
	vfree_together(bottoms, n);
	return n;
}

/* Down to the mark. */
static u32 trim_list(u32 mark)
{
	u32 freed = 0;

	while (this_cpu(stack_list)->count > mark)
		freed += free_some(this_cpu(stack_list), mark);
	return freed;
}

u32 check_stack_cache(void)
{
	u32 count = this_cpu(stack_list)->count;

	if (likely(!count))
		return 0;
	if (memory_is_short())
		return trim_list(0);
	return count > STACK_HIGH_MARK ? trim_list(STACK_LOW_MARK) : 0;
}

__cold u32 drain_kernel_stacks(void) { return trim_list(0); }

const char *guard_page_owner(uintptr_t address)
{
	const struct kernel_stack *stack;

	if (address >= (uintptr_t)boot_stack_guard && address < (uintptr_t)boot_stack)
		return "boot";
	stack = find_stack(ALIGN_DOWN(address, PAGE_SIZE) + PAGE_SIZE);
	return stack ? READ_ONCE(stack->owner) : NULL;
}
