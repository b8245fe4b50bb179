/* The IDT, and what happens between entry.asm and the handlers. */
#include "arch/x86/cpu/trap.h"

#include "arch/x86/console/console.h"
#include "arch/x86/console/panic.h"
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/nosleep.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/cpu/segment.h"
#include "arch/x86/hooks/irq_time.h"
#include "arch/x86/paging/tlb_idle.h"
#include "arch/x86/upcall.h"
#include "lib/assert.h"

#define VECTORS 256u
#define FIRST_INTERRUPT 0x20u

/* Gate types with Present set, privilege 0 (SDM vol. 3, 6.11). */
#define GATE_INTERRUPT 0x8E00u
#define GATE_TASK 0x8500u

struct gate {
	u32 low, high;
};

struct fixup {
	u32 instruction, continue_at;
};

/* From entry.asm. */
extern const u32 trap_stubs[VECTORS];
/* Linker symbols. */
extern const struct fixup extable_start[], extable_end[];

static struct gate idt[VECTORS] __aligned(8);
static trap_handler_t handlers[VECTORS];
static trap_handler_t fallback;

void idt_init(void)
{
	for (u32 vector = 0; vector < VECTORS; vector++) {
		u32 stub = trap_stubs[vector];

		idt[vector] = (struct gate){
			.low = (SEG_KERNEL_CODE << 16) | (stub & 0xFFFF),
			.high = (stub & 0xFFFF0000) | GATE_INTERRUPT,
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

/* Moves the interrupted kernel code to its fix-up, if it has one: false if not. */
static bool fix_up(struct trapframe *frame)
{
	if (frame->cs != SEG_KERNEL_CODE)
		return false;
	for (const struct fixup *f = extable_start; f < extable_end; f++)
		if (f->instruction == frame->eip) {
			frame->eip = f->continue_at;
			return true;
		}
	return false;
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

static void dispatch_exception(struct trapframe *frame)
{
	/* Before anything else can fault. */
	u32 address = read_cr2();
	trap_handler_t handler = READ_ONCE(handlers[frame->vector]);

	/* The CPU that panics stops the others by NMI (smp_stop_others). */
	if (frame->vector == TRAP_NMI && panicking())
		cpu_stop();
	if (frame->vector == TRAP_NMI && !sources_quiet) {
		early_nmis++;
		return;
	}
	if (fix_up(frame))
		return;
	if (!handler)
		panic_trap(frame, address);
	handler(frame);
}

__stack_args void trap_dispatch(struct trapframe *frame)
{
	irq_time_trap(frame);
	/*
	 * A gate leaves EFLAGS.AC as it was, and user mode may set it: without this, handlers could
	 * touch user pages.
	 */
	user_access_end();
	if (frame->vector >= FIRST_INTERRUPT)
		dispatch_interrupt(frame);
	else
		dispatch_exception(frame);
	irq_time_return(frame);
}
