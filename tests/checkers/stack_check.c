/* Checks the lists of kernel stacks: see stack_check.h. */
#include "tests/checkers/stack_check.h"

#include "arch/x86/paging/pgtable.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/upcall.h"
#include "mm/objects/kstack.h"
#include "mm/pages/page.h"

u32 nr_cached_stacks(void) { return this_cpu(stack_list)->count; }

u32 nr_cached_stacks_all(void)
{
	u32 stacks = 0;

	for_each_cpu(cpu, cpus_with_copy())
		stacks += per_cpu(stack_list, cpu)->count;
	return stacks;
}

static bool is_mapped(uintptr_t address)
{
	const pte_t *pte = kernel_pte(address);

	return pte && !pte_none(*pte);
}

static const char *cached_stack_check(const struct kernel_stack *stack)
{
	if (!stack->bottom || !IS_ALIGNED(stack->bottom, PAGE_SIZE))
		return "an entry is no stack";
	if (stack->owner || guard_page_owner(stack->bottom - 1))
		return "a listed stack has an owner";
	for (u32 i = 0; i < KERNEL_STACK_SIZE; i += PAGE_SIZE)
		if (!is_mapped(stack->bottom + i))
			return "a listed stack is not mapped";
	return is_mapped(stack->bottom - 1) ? "a guard page is mapped" : NULL;
}

const char *stack_list_check(void)
{
	const struct stack_list *list = this_cpu(stack_list);
	const struct kernel_stack *stack = list->head;
	u32 walked = 0;

	for (; stack && walked <= list->count; walked++) {
		const char *wrong = cached_stack_check(stack);

		if (wrong)
			return wrong;
		stack = stack->next;
	}
	return walked == list->count ? NULL : "walked length and count differ";
}
