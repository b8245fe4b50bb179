/*
 * Kernel stacks, each above an unmapped guard page.
 *
 * A stack that is freed stays mapped, in a list of the CPU that freed it, last in, first out: the
 * next thread made there gets it without a flush and without zeroing.  The list belongs to its CPU;
 * no interrupt handler uses it, so it needs no lock.
 */
#ifndef MM_KSTACK_H
#define MM_KSTACK_H

#include "arch/x86/cpu/percpu.h"
#include "arch/x86/paging/page.h"
#include "lib/types.h"
#include "mm/pages/upcall.h"

/*
 * A kernel stack: KERNEL_STACK_SIZE bytes of low pages (invariant 49), an unmapped guard page
 * below.  Returns its top; `owner` is named when the guard is hit, and stays until the stack is
 * freed.  What it holds is undefined.  0: no memory.  May sleep.
 */
#define KERNEL_STACK_SIZE (2 * PAGE_SIZE)
uintptr_t kernel_stack_alloc(const char *owner);
/*
 * To this CPU's list.  Nobody stands on the stack.  Does not sleep, takes no lock and flushes
 * nothing.  Panics if it is free already, or no stack.
 */
void kernel_stack_free(uintptr_t top);

/* Above the high mark a list is trimmed to the low one. */
#define STACK_LOW_MARK 8u
#define STACK_HIGH_MARK 16u

/*
 * Trims this CPU's list if it is over the high mark, to nothing while memory is short; returns
 * stacks freed.  Flushes every CPU, once for VFREE_TOGETHER stacks, so interrupts are on and no
 * lock is held; does not sleep.
 * drain_kernel_stacks() (mm/pages/upcall.h) trims to nothing.
 */
u32 check_stack_cache(void);

/* What is known of a stack, by its place.  A power of two in size. */
struct kernel_stack {
	struct kernel_stack *next; /* in a CPU's list */
	uintptr_t bottom;          /* of the last stack that was here */
	const char *owner;         /* NULL: it is not in use */
} __aligned(4 * sizeof(void *));
struct stack_list {
	struct kernel_stack *head;
	u32 count;
};
DECLARE_PER_CPU(struct stack_list, stack_list);

/* For the idle loop: shortage of memory reaches it by a request to trim. */
static inline void check_stack_cache_idle(void)
{
	if (unlikely(this_cpu_read(stack_list.count) > STACK_HIGH_MARK))
		check_stack_cache();
}

#endif
