/* The end of the kernel: says all that is known, stops everything. */
#include "arch/x86/console/panic.h"

#include "arch/x86/console/backtrace.h"
#include "arch/x86/console/console.h"
#include "arch/x86/console/exit.h"
#include "arch/x86/console/symbols.h"
#include "arch/x86/cpu/atomic.h"
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/nosleep.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/paging/pgtable.h"
#include "arch/x86/upcall.h"

#define NO_CPU 0xFFFFFFFFu
/* The bits of CR3 that are no address: PWT and PCD (SDM vol. 3, 4.3 and 4.4.1). */
#define CR3_ADDRESS 0xFFFFFFE0u
/* How many panics one CPU may have: one, and one while it prints that. */
#define MAX_PANICS 2u

bool panic_exits;
void (*panic_hook)(const struct panic_site *site, const char *fmt, va_list args);

/* The CPU that panicked first. */
static atomic_t panic_cpu = ATOMIC_INIT(NO_CPU);
/* Counted by that CPU alone. */
static u32 panics;

static const char *const exception_names[32] = {
	"divide error",
	"debug exception",
	"NMI",
	"breakpoint",
	"overflow",
	"bound range exceeded",
	"invalid opcode",
	"device not available",
	"double fault",
	"coprocessor segment overrun",
	"invalid TSS",
	"segment not present",
	"stack fault",
	"general protection fault",
	"page fault",
	"exception 15",
	"x87 error",
	"alignment check",
	"machine check",
	"SIMD error",
	"virtualization exception",
	"control protection exception",
	"exception 22",
	"exception 23",
	"exception 24",
	"exception 25",
	"exception 26",
	"exception 27",
	"exception 28",
	"exception 29",
	"security exception",
	"exception 31",
};

bool panicking(void) { return atomic_read(&panic_cpu) != NO_CPU; }

__noreturn static void panic_end(void)
{
	if (panic_exits)
		machine_exit(false);
	console_printf("the machine is stopped; " HOW_TO_LEAVE);
	cpu_stop();
}

/*
 * Makes this CPU the one that panics, and the only one that runs.  Returns false if it is one
 * already: something went wrong while it printed.  Another CPU that comes at the same time waits
 * here for good.
 */
static bool panic_begin(void)
{
	u32 cpu = smp_processor_id();

	irq_disable();
	if (!atomic_replace(&panic_cpu, NO_CPU, cpu) && atomic_read(&panic_cpu) != cpu)
		cpu_stop();
	if (panics++ == 0) {
		smp_stop_others();
		console_break_lock();
		return true;
	}
	console_break_lock();
	return false;
}

/* The third panic on a CPU does not even try to print. */
static void end_if_hopeless(void)
{
	if (panics <= MAX_PANICS)
		return;
	if (panic_exits)
		machine_exit(false);
	cpu_stop();
}

static void print_where(void)
{
	console_printf("CPU %u, thread %s%s\n", smp_processor_id(), current_name(),
		in_interrupt() ? ", in an interrupt handler" : "");
}

/*
 * What is left of the caller's registers when a function has been called: those that it must keep;
 * and its flags.
 */
struct kept_registers {
	u32 ebx, esi, edi, esp, eflags;
};

static __always_inline struct kept_registers keep_registers(void)
{
	struct kept_registers r;

	__asm__ volatile("movl %%ebx, %0; movl %%esi, %1; movl %%edi, %2; movl %%esp, %3"
			 : "=m"(r.ebx), "=m"(r.esi), "=m"(r.edi), "=m"(r.esp));
	/* Before the panic's own cli: whether interrupts were on is often what matters. */
	r.eflags = read_eflags();
	return r;
}

static void print_control_registers(void)
{
	console_printf("  cr0 %08x  cr2 %08x  cr3 %08x  cr4 %08x\n", read_cr0(), read_cr2(),
		read_cr3(), read_cr4());
}

void panic_at(const struct panic_site *site, const char *fmt, ...)
{
	struct kept_registers kept = keep_registers();
	uintptr_t ebp = (uintptr_t)__builtin_frame_address(0);
	va_list args;
	bool first;

	if (panic_hook) {
		va_start(args, fmt);
		panic_hook(site, fmt, args);
		va_end(args);
	}
	first = panic_begin();
	end_if_hopeless();
	console_printf(first ? "panic: " : "panic during panic: ");
	va_start(args, fmt);
	console_vprintf(fmt, args);
	va_end(args);
	console_printf("\n");
	if (first) {
		if (site->invariant)
			console_printf(
				"  invariant %d (see docs/invariants.md)\n", site->invariant);
		console_printf("  at %s:%d in %s, ", site->file, site->line, site->function);
		print_where();
		console_printf("  eip %08x  ebx %08x  esi %08x  edi %08x\n", CALLER(), kept.ebx,
			kept.esi, kept.edi);
		console_printf("  esp %08x  ebp %08x  eflags %08x\n", kept.esp, ebp, kept.eflags);
		print_control_registers();
		backtrace_print(ebp);
	}
	panic_end();
}

/*
 * The CPU pushes esp only when it changes the stack: from user mode, and into the double-fault
 * task.
 */
static u32 frame_esp(const struct trapframe *frame)
{
	if (from_user(frame) || frame->vector == TRAP_DOUBLE_FAULT)
		return frame->user_esp;
	return (uintptr_t)&frame->user_esp;
}

static void print_registers(const struct trapframe *f)
{
	console_printf(
		"  eax %08x  ebx %08x  ecx %08x  edx %08x\n", f->eax, f->ebx, f->ecx, f->edx);
	console_printf(
		"  esi %08x  edi %08x  ebp %08x  esp %08x\n", f->esi, f->edi, f->ebp, frame_esp(f));
	console_printf("  eip %08x  eflags %08x  cs %04x  ds %04x  es %04x  fs %04x  gs %04x\n",
		f->eip, f->eflags, f->cs & 0xFFFF, f->ds & 0xFFFF, f->es & 0xFFFF, f->fs & 0xFFFF,
		f->gs & 0xFFFF);
	print_control_registers();
}

/* Only of an entry that is present, and not of a PDPTE, do the other bits say anything. */
static const char *flags_text(const struct walk_level *level, bool pdpte, char *buf, size_t size)
{
	if (!level->present)
		return "not present";
	return pdpte ? "P" : entry_flags_text(level->value, buf, size);
}

static void print_walk_level(const struct walk_level *level, bool pdpte)
{
	char flags[64];

	console_printf("  %s[%u] at %p = %0*llx  %s\n", level->name, level->index, level->entry,
		(int)(2 * sizeof(pteval_t)), level->value,
		flags_text(level, pdpte, flags, sizeof(flags)));
}

/*
 * Under the tables in CR3; after a double fault those are the kernel's own, whose kernel part is
 * everybody's.
 */
static void print_walk(uintptr_t address)
{
	struct walk walk = pgtable_walk(phys_to_virt(read_cr3() & CR3_ADDRESS), address);

	console_printf("  walk of 0x%08x, %s:\n", address, PGTABLE_FORMAT);
	for (u32 n = 0; n < walk.levels; n++)
		print_walk_level(&walk.level[n], n == 0 && !PMD_FOLDED);
	if (walk.mapped)
		console_printf("  leads to physical 0x%09llx\n", walk.phys);
	else
		console_printf("  leads nowhere\n");
}

static const char *access_text(u32 error)
{
	return error & PF_FETCH ? "instruction fetch" : error & PF_WRITE ? "write" : "read";
}

static const char *cause_text(u32 error)
{
	return error & PF_RESERVED  ? "reserved bit set in an entry"
	       : error & PF_PRESENT ? "protection violation"
				    : "page not present";
}

/*
 * A push into a guard page faults near the stack pointer; CR2 may also be left over from an older
 * fault.
 */
static const char *overflowed_stack(const struct trapframe *frame, uintptr_t address)
{
	u32 distance = address - (frame_esp(frame) - PAGE_SIZE);

	return distance < 2 * PAGE_SIZE ? guard_page_owner(address) : NULL;
}

static void print_page_fault(const struct trapframe *frame, uintptr_t address, const char *mode)
{
	const char *owner = guard_page_owner(address);

	console_printf(
		"page fault: %s of 0x%08x by %s\n", access_text(frame->error), address, mode);
	console_printf("  error code 0x%x: %s, %s mode, %s\n", frame->error,
		access_text(frame->error), frame->error & PF_USER ? "user" : "supervisor",
		cause_text(frame->error));
	if (owner)
		console_printf(
			"  the address lies in the guard page of thread %s's stack\n", owner);
}

static void print_reason(const struct trapframe *frame, uintptr_t address)
{
	const char *mode = from_user(frame) ? "user mode" : "the kernel";
	const char *owner;

	if (frame->vector == TRAP_PAGE_FAULT) {
		print_page_fault(frame, address, mode);
		return;
	}
	owner = frame->vector == TRAP_DOUBLE_FAULT ? overflowed_stack(frame, address) : NULL;
	if (owner)
		console_printf(
			"kernel stack overflow of thread %s: 0x%08x lies in its guard page\n",
			owner, address);
	else if (frame->vector < ARRAY_SIZE(exception_names))
		console_printf("%s in %s, error code 0x%x\n", exception_names[frame->vector], mode,
			frame->error);
	else
		console_printf("vector 0x%02x in %s\n", frame->vector, mode);
}

static void print_trap(const struct trapframe *frame, uintptr_t address)
{
	u32 offset;
	const char *name = symbol_name(frame->eip, &offset);

	console_printf("  at [<%08x>] %s+0x%x, ", frame->eip, name, offset);
	print_where();
	print_registers(frame);
	if (frame->vector == TRAP_PAGE_FAULT || frame->vector == TRAP_DOUBLE_FAULT)
		print_walk(address);
	/* What user mode had in ebp may be anything. */
	backtrace_print(from_user(frame) ? 0 : frame->ebp);
}

void panic_trap(const struct trapframe *frame, uintptr_t address)
{
	bool first = panic_begin();

	end_if_hopeless();
	console_printf(first ? "panic: " : "panic during panic: ");
	print_reason(frame, address);
	if (first)
		print_trap(frame, address);
	else
		console_printf("  at [<%08x>]\n", frame->eip);
	panic_end();
}
