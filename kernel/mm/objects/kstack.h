/* Kernel stacks, each above an unmapped guard page. */
#ifndef MM_KSTACK_H
#define MM_KSTACK_H

#include "arch/x86/paging/page.h"
#include "lib/types.h"

/*
 * A kernel stack: KERNEL_STACK_SIZE bytes of low pages (invariant 49), an unmapped guard page
 * below.  Returns its top; `owner` is named when the guard is hit.
 */
#define KERNEL_STACK_SIZE (2 * PAGE_SIZE)
uintptr_t kernel_stack_alloc(const char *owner);
void kernel_stack_free(uintptr_t top);

#endif
