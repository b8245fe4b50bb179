/*
 * Kernel stacks: one for each CPU, on which it starts, and those of threads that the kernel's own
 * scheduler switches between (kernel/arch/x86/cpu/switch.asm, kernel/mm/objects/kstack.c).
 *
 * Where a stack goes on that no CPU stands on is kept here, so that the engine knows how much of it
 * is in use.  The kernel's saved_sp only names the stack.
 */
#include "access.h"
#include "machine.h"

#include "arch/x86/cpu/context.h"
#include "arch/x86/cpu/trap.h"
#include "mm/objects/kstack.h"
#include "scenario.h"

#include <string.h>

static char stacks[MAX_STACKS][STACK_BYTES] __attribute__((aligned(4096)));

void stacks_region(void) { region_add(stacks, sizeof(stacks), false); }

char *stack_top(u32 stack) { return stacks[stack] + STACK_BYTES; }

static u32 stack_at(uintptr_t at) { return (u32)((at - (uintptr_t)stacks - 1) / STACK_BYTES); }

/* At the top of a thread's stack lies its frame of user mode, which is memory like any other. */
bool on_own_stack(uintptr_t at)
{
	u32 stack = m.cpu[running_cpu].stack;
	uintptr_t top = (uintptr_t)stack_top(stack);

	if (stack >= MAX_CPUS)
		top -= sizeof(struct trapframe);
	return at < top && at >= (uintptr_t)stacks[stack];
}

bool stack_of_address(uintptr_t at, u32 *stack, u32 *below)
{
	if (at - (uintptr_t)stacks >= sizeof(stacks))
		return false;
	*stack = stack_at(at + 1);
	*below = (u32)((uintptr_t)stack_top(*stack) - at);
	return true;
}

/* Of a freed stack nothing is left, neither its frame of user mode. */
void stack_check(uintptr_t at, uintptr_t place)
{
	u32 stack, below;

	if (stack_of_address(at, &stack, &below) && !m.stack_sp[stack]) {
		trace("uses a freed stack", at, 0, place);
		fail("CPU %u uses a stack that has been freed, at %s", running_cpu, name_of(place));
	}
}

/* From where up the stack is in use; its end: nothing. */
char *stack_pointer(u32 stack)
{
	for (u32 cpu = 0; cpu < ncpus; cpu++)
		if (m.cpu[cpu].stack == stack)
			return m.cpu[cpu].sp;
	return m.stack_sp[stack] ? m.stack_sp[stack] : stack_top(stack);
}

void stack_prepare(u32 stack, char *top, void (*entry)(void))
{
	void **sp = (void **)((uintptr_t)top & ~15ul);

	*--sp = NULL; /* keeps the stack aligned as after a call */
	*--sp = (void *)entry;
	sp -= 6;
	memset(sp, 0, 6 * sizeof(*sp));
	m.stack_sp[stack] = (char *)sp;
}

/*
 * What a call must preserve goes to the old stack, whose pointer is kept; then the same comes back
 * from the new one.
 */
#define UNUSED __attribute__((unused))
__attribute__((naked, noinline)) void switch_stack(UNUSED char **old, UNUSED char *new)
{
	__asm__("push %rbp\n push %rbx\n push %r12\n push %r13\n push %r14\n push %r15\n"
		"mov %rsp, (%rdi)\n mov %rsi, %rsp\n"
		"pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbx\n pop %rbp\n ret\n");
}

/* ---- The kernel's ---- */

static void stand_on(u32 stack)
{
	for (u32 cpu = 0; cpu < ncpus; cpu++)
		if (m.cpu[cpu].stack == stack)
			fail("CPU %u switches to a stack on which CPU %u still stands", running_cpu,
				cpu);
	if (!m.stack_sp[stack])
		fail("CPU %u switches to a stack that is nobody's", running_cpu);
	m.cpu[running_cpu].stack = stack;
}

void switch_context(uintptr_t *save, uintptr_t load)
{
	u32 old = m.cpu[running_cpu].stack, new = stack_at(load);

	settle();
	/* With a lock held nobody else would look at this thread now. */
	if (!m.cpu[running_cpu].locks[0])
		event("switches stacks", 0, (uintptr_t)__builtin_return_address(0));
	*save = (uintptr_t)stack_top(old);
	stand_on(new);
	switch_stack(&m.stack_sp[old], m.stack_sp[new]);
}

uintptr_t context_prepare(uintptr_t top, void (*entry)(void))
{
	stack_prepare(stack_at(top), (char *)top, entry);
	return top;
}

uintptr_t kernel_stack_alloc(const char *owner)
{
	u32 stack = MAX_CPUS;

	(void)owner;
	event("asks for a stack", 0, (uintptr_t)__builtin_return_address(0));
	if (on_cpu)
		store_drain_all();
	while (stack < MAX_STACKS && m.stack_sp[stack])
		stack++;
	if (stack == MAX_STACKS)
		return 0;
	memset(stacks[stack], 0, STACK_BYTES);
	m.stack_sp[stack] = stack_top(stack);
	return (uintptr_t)stack_top(stack);
}

void kernel_stack_free(uintptr_t top)
{
	u32 stack = stack_at(top);

	event("frees a stack", top, (uintptr_t)__builtin_return_address(0));
	if (on_cpu)
		store_drain_all();
	for (u32 cpu = 0; cpu < ncpus; cpu++)
		if (m.cpu[cpu].stack == stack)
			fail("a stack is freed on which CPU %u stands", cpu);
	m.stack_sp[stack] = NULL;
	m.must_end &= ~(1u << stack);
}

/* No freed stack is kept: whoever uses one is to be found. */
DEFINE_PER_CPU(struct stack_list, stack_list);
u32 check_stack_cache(void) { return 0; }
u32 drain_kernel_stacks(void) { return 0; }

void must_end(uintptr_t stack) { m.must_end |= 1u << stack_at(stack); }
bool is_to_end(uintptr_t stack) { return m.must_end & (1u << stack_at(stack)); }
void has_ended(void) { m.must_end &= ~(1u << m.cpu[running_cpu].stack); }
