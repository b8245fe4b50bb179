/* The IDT, and what happens between entry.asm and the handlers. */
#include "arch/x86/cpu/trap.h"

#include "arch/x86/console/console.h"
#include "arch/x86/console/panic.h"
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/nosleep.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/cpu/segment.h"
#include "arch/x86/cpu/user_mode.h"
#include "arch/x86/hooks/irq_time.h"
#include "arch/x86/paging/layout.h"
#include "arch/x86/paging/tlb_idle.h"
#include "arch/x86/upcall.h"
#include "lib/assert.h"

/* Gate types with Present set, privilege 0 unless user mode may use them (SDM vol. 3, 6.11). */
#define GATE_INTERRUPT 0x8E00u
#define GATE_TASK 0x8500u
#define GATE_USER 0x6000u

struct gate {
	u32 low, high;
};

struct fixup {
	u32 instruction, continue_at;
};

/* From entry.asm. */
extern const u32 trap_stubs[VECTORS];
extern const u32 sysenter_place[2];
/* Linker symbols. */
extern const struct fixup extable_start[], extable_end[];

static struct gate idt[VECTORS] __aligned(8);
static trap_handler_t handlers[VECTORS];
static trap_handler_t fallback;

/* True if user mode may use the instruction for that vector: int3, into, int 0x80. */
static bool is_for_user(u32 vector)
{
	return vector == TRAP_BREAKPOINT || vector == TRAP_OVERFLOW || vector == VECTOR_CALL_GATE;
}

void idt_init(void)
{
	for (u32 vector = 0; vector < VECTORS; vector++) {
		u32 stub = trap_stubs[vector];

		idt[vector] = (struct gate){
			.low = (SEG_KERNEL_CODE << 16) | (stub & 0xFFFF),
			.high = (stub & 0xFFFF0000) | GATE_INTERRUPT |
				(is_for_user(vector) ? GATE_USER : 0),
		};
	}
	idt[TRAP_DOUBLE_FAULT] =
		(struct gate){ .low = SEG_DOUBLE_FAULT_TSS << 16, .high = GATE_TASK };
}

void idt_load(void)
{
	struct {
		u16 limit;
		u32 base;
	} __packed table = { .limit = sizeof(idt) - 1, .base = (uintptr_t)idt };

	__asm__ volatile("lidt %0" : : "m"(table) : "memory");
}

void trap_set_handler(u32 vector, trap_handler_t handler)
{
	ASSERT(vector < VECTORS, "vector %u", vector);
	WRITE_ONCE(handlers[vector], handler);
}

void trap_set_fallback(trap_handler_t handler) { fallback = handler; }

static void dispatch_interrupt(struct trapframe *frame)
{
	trap_handler_t handler = READ_ONCE(handlers[frame->vector]);
	u32 depth = kmap_atomic_depth();

	/*
	 * A flush of the PKMap that this CPU was spared while it was idle comes before any handler
	 * (invariant 26, tlb_idle.h).
	 */
	if (this_cpu_test(is_idle))
		idle_leave();
	this_cpu_inc(nosleep.interrupts);
	if (!handler)
		handler = fallback;
	handler(frame);
	INVARIANT(30, kmap_atomic_depth() == depth,
		"vector 0x%02x: %u atomic kmaps at entry, %u at exit", frame->vector, depth,
		kmap_atomic_depth());
	this_cpu_dec(nosleep.interrupts);
}

/*
 * The fix-up of the interrupted kernel code; NULL: it has none.  NMIs and single steps come before
 * an instruction that may have one, and are not its faults.
 */
static const struct fixup *fixup_of(const struct trapframe *frame)
{
	if (frame->cs != SEG_KERNEL_CODE || frame->vector == TRAP_NMI ||
		frame->vector == TRAP_DEBUG)
		return NULL;
	for (const struct fixup *f = extable_start; f < extable_end; f++)
		if (f->instruction == frame->eip)
			return f;
	return NULL;
}

/* True if the instruction shall be repeated, because a page of user memory is there now. */
static bool fault_resolved(const struct trapframe *frame, u32 address)
{
	bool resolved;

	if (frame->vector != TRAP_PAGE_FAULT || address >= USER_TOP ||
		!(frame->eflags & EFLAGS_IF) || this_cpu_test(nosleep.any))
		return false;
	irq_enable();
	resolved = kernel_copy_fault(address, frame->error);
	irq_disable();
	return resolved;
}

/* Moves the interrupted kernel code to its fix-up, if it has one: false if not. */
static bool fix_up(struct trapframe *frame, u32 address)
{
	const struct fixup *fixup = fixup_of(frame);

	if (!fixup)
		return false;
	if (!fault_resolved(frame, address))
		frame->eip = fixup->continue_at;
	return true;
}

/*
 * sysenter leaves TF as user mode had it: the exception arrives before the first instruction of the
 * entry, which then clears the other flags (SDM vol. 3, 17.3.1.4).  The stack is the CPU's entry
 * stack.
 */
static bool is_step_into_call(const struct trapframe *frame)
{
	return frame->vector == TRAP_DEBUG && frame->cs == SEG_KERNEL_CODE &&
	       frame->eip >= sysenter_place[0] && frame->eip < sysenter_place[1];
}

/*
 * No cli holds NMIs back: one that comes before all sources are known may be from a line that an
 * earlier system left open.
 */
static bool sources_quiet;
static u32 early_nmis;

void trap_sources_quiet(void)
{
	sources_quiet = true;
	if (early_nmis)
		pr_warn("%u NMIs came before interrupt sources were masked, ignored\n", early_nmis);
}

static void dispatch_exception(struct trapframe *frame, u32 address)
{
	trap_handler_t handler = READ_ONCE(handlers[frame->vector]);

	/* The CPU that panics stops the others by NMI (smp_stop_others). */
	if (frame->vector == TRAP_NMI && panicking())
		cpu_stop();
	if (frame->vector == TRAP_NMI && !sources_quiet) {
		early_nmis++;
		return;
	}
	if (is_step_into_call(frame)) {
		frame->eflags &= ~EFLAGS_TF;
		write_dr6(0);
		return;
	}
	if (fix_up(frame, address))
		return;
	if (!handler)
		panic_trap(frame, address);
	handler(frame);
}

/* Interrupts are off. */
static void user_exception(struct trapframe *frame, u32 address)
{
	if (frame->vector == TRAP_DEBUG)
		write_dr6(0);
	irq_enable();
	user_trap(frame, frame->vector == TRAP_PAGE_FAULT ? address : 0);
}

/* Interrupts are off, and are again at the end. */
static __noinline void do_user_work(struct trapframe *frame)
{
	do {
		user_return(frame);
		irq_disable();
	} while (this_cpu_read(user_work));
}

/*
 * The one way to user mode; a call without work has a short form of it in entry.asm.  Interrupts
 * stay off from the last look at user_work until the CPU is there: who sets the word on another CPU
 * interrupts that CPU afterwards.
 */
static __always_inline void leave_kernel(struct trapframe *frame)
{
	irq_disable();
	if (unlikely(this_cpu_read(user_work)))
		do_user_work(frame);
	irq_time_return(frame);
}

__stack_args void enter_dispatch(struct trapframe *frame) { leave_kernel(frame); }

__stack_args void bad_exit_dispatch(struct trapframe *frame)
{
	frame->vector = TRAP_GENERAL_PROTECTION;
	frame->error = 0;
	frame->cs = SEG_USER_CODE;
	frame->ds = frame->es = frame->user_ss = SEG_USER_DATA;
	frame->fs = frame->gs = 0;
	user_exception(frame, 0);
}

static void dispatch(struct trapframe *frame, u32 address)
{
	if (frame->vector >= FIRST_INTERRUPT)
		dispatch_interrupt(frame);
	else if (from_user(frame) && frame->vector != TRAP_NMI)
		user_exception(frame, address);
	else
		dispatch_exception(frame, address);
}

__stack_args void trap_dispatch(struct trapframe *frame)
{
	/* Before anything else can fault. */
	u32 address = read_cr2();

	irq_time_trap(frame);
	/*
	 * A gate leaves EFLAGS.AC as it was, and user mode may set it: without this, handlers could
	 * touch user pages.
	 */
	user_access_end();
	dispatch(frame, address);
	/* An NMI may have come at any place, so it does nothing that is not its own. */
	if (from_user(frame) && frame->vector != TRAP_NMI)
		leave_kernel(frame);
	else
		irq_time_return(frame);
}
