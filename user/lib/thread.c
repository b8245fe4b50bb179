/* Areas of threads, and whose message page is whose: see thread.h. */
#include "user/lib/thread.h"

#include "lib/compiler.h"
#include "user/lib/layout.h"
#include "user/lib/message.h"

#define AREA 0x40000u /* bytes */

static struct message *first_message;

void thread_first_message(struct message *message) { first_message = message; }

static u32 area_start(u32 area) { return THREADS_START + area * AREA; }

/* No segment register is left for it: the stack on which a thread runs says which one it is. */
struct message *message_own(void)
{
	u32 here = (u32)(uintptr_t)__builtin_frame_address(0) - THREADS_START;

	return here < THREADS * AREA ? (struct message *)(THREADS_START + ALIGN_DOWN(here, AREA))
				     : first_message;
}

/* A thread's first function.  Its stack was laid out by lay_stack(), as if it had been called. */
static __noreturn void begin(void (*run)(void *), void *argument, u32 slot)
{
	run(argument);
	handle_drop(slot, DROP_DESTROY);
	__builtin_trap();
}

/* Return address and arguments of begin(); returns the stack pointer. */
static u32 lay_stack(const struct thread_plan *plan)
{
	u32 *top = (u32 *)(area_start(plan->area) + AREA);

	*--top = plan->slot;
	*--top = (u32)plan->argument;
	*--top = (u32)plan->run;
	*--top = 0;
	return (u32)top;
}

u32 thread_prepare(const struct thread_plan *plan)
{
	u32 start = area_start(plan->area), bottom = start + AREA - THREAD_STACK;
	u32 error = mem_alloc(0, 0, bottom | PROT_READ | PROT_WRITE, THREAD_STACK / PAGE, 0).error;

	/* An earlier thread of this area has left its stack. */
	if (error && error != EEXIST)
		return error;
	return thread_create(0, plan->slot, (u32)begin, lay_stack(plan),
		start | plan->prio | plan->cpu << PRIO_BITS, 0)
		.error;
}

u32 thread_run(const struct thread_plan *plan)
{
	u32 error = thread_prepare(plan);

	return error ? error : thread_ctl(plan->slot, 0, THREAD_START, 0, 0).error;
}
