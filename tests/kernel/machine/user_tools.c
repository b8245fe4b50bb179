/* A kernel thread that goes to user mode and comes back: see user_tools.h. */
#include "tests/kernel/machine/user_tools.h"

#include "arch/x86/cpu/context.h"
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/segment.h"
#include "arch/x86/cpu/user_copy.h"
#include "arch/x86/cpu/user_mode.h"
#include "arch/x86/smp/cpumask.h"
#include "kernel/calls/user_entry.h"
#include "lib/string.h"
#include "mm/objects/kstack.h"
#include "mm/pages/page_alloc.h"
#include "tests/kernel/crew.h"
#include "tests/kernel/selftest.h"

struct user_run user_run;
void (*user_on_call)(struct trapframe *frame);
void (*user_on_work)(struct trapframe *frame);
bool (*user_on_copy_fault)(u32 address, u32 error);

/* The kernel's own context meanwhile, and the stack on which user mode enters. */
static uintptr_t kernel_sp, user_sp, entry_stack_top;

static struct trapframe *frame_place(void) { return (struct trapframe *)entry_stack_top - 1; }

static void note_machine(const struct trapframe *frame)
{
	struct user_run *run = &user_run;

	run->flags = read_eflags();
	run->seen = *frame;
	run->sp = (uintptr_t)frame;
	__asm__("mov %%ds, %0; mov %%es, %1; mov %%fs, %2"
		: "=r"(run->ds), "=r"(run->es), "=r"(run->fs));
}

__noreturn void user_stop(enum user_end end)
{
	irq_disable();
	user_run.end = end;
	switch_context(&user_sp, kernel_sp);
	__builtin_unreachable();
}

static void on_call(struct trapframe *frame)
{
	if (frame->eax == CALL_END) {
		bool copied = copy_from_user(
			&user_run.report, (void *)frame->user_esp, sizeof(user_run.report));

		EXPECT(0, copied, "the report at 0x%x cannot be read", frame->user_esp);
		user_stop(USER_REPORTED);
	}
	user_run.calls++;
	note_machine(frame);
	if (user_on_call)
		user_on_call(frame);
}

static void on_trap(struct trapframe *frame, u32 address)
{
	note_machine(frame);
	user_run.address = address;
	user_stop(USER_TRAPPED);
}

static void on_work(struct trapframe *frame)
{
	if (user_on_work)
		user_on_work(frame);
}

static bool on_copy_fault(u32 address, u32 error)
{
	return user_on_copy_fault && user_on_copy_fault(address, error);
}

static const struct user_entry_hooks hooks = {
	.call = on_call, .trap = on_trap, .work = on_work, .copy_fault = on_copy_fault
};

struct trapframe user_frame(u32 eip)
{
	return (struct trapframe){
		.edi = 0xD1,
		.esi = 0x51,
		.ebp = 0xB9,
		.ebx = 0xB0,
		.edx = 0xD0,
		.ecx = 0xC0,
		.eax = CALL_TEST,
		.ds = SEG_USER_DATA,
		.es = SEG_USER_DATA,
		.vector = VECTOR_FULL_RETURN,
		.eip = eip,
		.cs = SEG_USER_CODE,
		.eflags = 0x202,
		.user_esp = USER_STACK + PAGE_SIZE / 2,
		.user_ss = SEG_USER_DATA,
	};
}

static void enter(void) { user_mode_enter(frame_place()); }

/*
 * A thread's entries begin at the top of its stack, where this kernel thread has its callers: so it
 * has another stack meanwhile.
 */
void user_go(const struct trapframe *frame)
{
	struct thread *self = current_thread();
	uintptr_t own_top = self->stack_top;
	u32 flags = irq_save();

	memset(&user_run, 0, sizeof(user_run));
	*frame_place() = *frame;
	self->stack_top = entry_stack_top;
	user_mode_set_stack(entry_stack_top);
	switch_context(&kernel_sp, context_prepare((uintptr_t)frame_place(), enter));
	self->stack_top = own_top;
	irq_restore(flags);
}

static bool map_new(struct mm *mm, uintptr_t at, const void *text, size_t size, pteval_t prot)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	bool mapped = page && mm_map(mm, at, page, prot) == 0;

	if (page) {
		memcpy(lowmem_page_address(page), text, size);
		put_page(page);
	}
	return EXPECT(0, mapped, "no memory for a page at 0x%x", (u32)at);
}

static struct mm *mm_with_programs(void)
{
	struct mm *mm = mm_create();

	if (!EXPECT(0, mm, "no memory for an address space"))
		return NULL;
	if (map_new(mm, USER_CODE, user_code, (size_t)(user_code_end - user_code),
		    PAGE_USER_TEXT) &&
		map_new(mm, USER_STACK, "", 0, PAGE_USER_RW))
		return mm;
	mm_destroy(mm);
	return NULL;
}

struct work {
	struct mm *mm;
	void (*fn)(struct mm *mm);
};

static void use_and_work(struct crew_member *self)
{
	const struct work *work = self->arg;

	thread_use_mm(work->mm);
	work->fn(work->mm);
	thread_use_mm(NULL);
}

void user_on_each_cpu(void (*fn)(struct mm *mm))
{
	static struct crew crew;
	struct work work = { .mm = mm_with_programs(), .fn = fn };

	entry_stack_top = kernel_stack_alloc("user mode");
	user_entry_hooks = &hooks;
	if (EXPECT(0, entry_stack_top, "no memory for a stack") && work.mm)
		for_each_cpu(cpu, cpus_online())
			if (crew_start_on(&crew, 1u << cpu, 1, use_and_work, &work))
				crew_join(&crew);
	user_entry_hooks = NULL;
	user_on_call = user_on_work = NULL;
	user_on_copy_fault = NULL;
	if (entry_stack_top)
		kernel_stack_free(entry_stack_top);
	if (work.mm)
		mm_destroy(work.mm);
}
