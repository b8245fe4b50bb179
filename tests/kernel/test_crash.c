/*
 * Ends on purpose, each picked by name alone, for the tests around the kernel: what it then reports
 * must be right. `mustfail` is a test that fails, to prove that a failure is seen.
 */
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/spinlock.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/paging/layout.h"
#include "arch/x86/smp/cpumask.h"
#include "lib/assert.h"
#include "lib/bitops.h"
#include "mm/pages/page_alloc.h"
#include "mm/pkmap/highmem.h"
#include "tests/kernel/crew.h"
#include "tests/kernel/machine/probe.h"
#include "tests/kernel/selftest.h"

#define CRASH(ident, name, step) SELFTEST_FLAGS(ident, name, step, "", false, true)

/* In no inline function: the report shall name who did it. */
#define CULPRIT static __noinline void

static void expect_no_return(const char *what)
{
	EXPECT(0, false, "the kernel goes on after %s", what);
}

CRASH(mustfail, "mustfail", 1)
{
	u32 two = 2;

	EXPECT_EQ(0, two + two, 5, "this test must fail: it proves that failures are seen");
}

CULPRIT panic_on_purpose(void) { panic("this panic was asked for, number %u", 42u); }

CRASH(crash_panic, "crash.panic", 8) { panic_on_purpose(); }

/* The report shall show that interrupts were off, and of the one above that they were on. */
CRASH(crash_irqs_off, "crash.irqs_off", 8)
{
	irq_disable();
	panic_on_purpose();
}

CULPRIT break_invariant(u32 count)
{
	INVARIANT(4, count >= 2, "a slot was handed out with count %u", count);
}

CRASH(crash_invariant, "crash.invariant", 8)
{
	break_invariant(1);
	expect_no_return("a broken invariant");
}

CULPRIT read_unmapped(uintptr_t address)
{
	/*
	 * Kept on the stack, so that the function has a frame and its caller appears in the back
	 * trace.
	 */
	volatile u32 value = *(volatile u32 *)address;

	(void)value;
}

CRASH(crash_page_fault, "crash.page_fault", 8)
{
	read_unmapped(VMALLOC_END);
	expect_no_return("a read of an unmapped page");
}

/* At step 4: the report must be good before there are threads and other CPUs, too. */
CRASH(crash_early_page_fault, "crash.early_page_fault", 4)
{
	read_unmapped(0x1234);
	expect_no_return("a read of an unmapped page");
}

CULPRIT undefined_instruction(void) { __asm__ volatile("ud2"); }

CRASH(crash_undefined, "crash.undefined", 8)
{
	undefined_instruction();
	expect_no_return("an undefined instruction");
}

CULPRIT write_text(void)
{
	volatile u32 breakpoints = 0xCCCCCCCC;

	*(volatile u32 *)(uintptr_t)write_text = breakpoints;
}

CRASH(crash_write_text, "crash.write_text", 8)
{
	write_text();
	expect_no_return("a write to its own text");
}

CULPRIT call_address(uintptr_t address)
{
	((void (*)(void))address)();
	barrier(); /* no jump, but a call */
}

/* The fault that probe_exec() may take is handled once, not again without it. */
CRASH(crash_exec_after_probe, "crash.exec_after_probe", 8)
{
	EXPECT(0, !probe_exec(VMALLOC_END), "an unmapped page is executed");
	call_address(VMALLOC_END);
	expect_no_return("a call of an unmapped page");
}

/* No stack is that deep. */
#define BOTTOMLESS 100000u

/* Uses its result after the call, so that no compiler makes a loop of it. */
static __noinline u32 dive(volatile u32 *above)
{
	volatile u32 here[16] = { *above + 1 };

	return *above < BOTTOMLESS ? dive(here) + here[0] : 0;
}

static void diver(void *unused)
{
	volatile u32 start = 0;

	(void)unused;
	dive(&start);
}

/* The report shall name the thread "diver". */
static void dive_on(u32 cpu)
{
	struct thread *thread = thread_create("diver", diver, NULL, cpu);

	if (EXPECT(0, thread, "no memory for a thread"))
		thread_join(thread);
	expect_no_return("a stack overflow");
}

CRASH(crash_stack_overflow, "crash.stack_overflow", 8) { dive_on(0); }

CRASH(crash_stack_overflow_elsewhere, "crash.stack_overflow_elsewhere", 8)
{
	dive_on(highest_bit(cpus_online()));
}

CULPRIT kmap_with_interrupts_off(struct page *page)
{
	irq_disable();
	kmap(page);
	barrier();
}

CRASH(crash_irq_kmap, "crash.irq_kmap", 8)
{
	struct page *page = alloc_page(GFP_HIGHUSER);

	if (EXPECT(0, page, "no memory for a page"))
		kmap_with_interrupts_off(page);
	expect_no_return("kmap with interrupts off");
}

static struct spinlock deadlock = SPINLOCK_INIT("deadlock");
static volatile u32 times;

CULPRIT take_lock(void)
{
	spin_lock(&deadlock);
	times = 1;
}

/* Not the same code: the compiler would make one function of the two. */
CULPRIT take_lock_again(void)
{
	spin_lock(&deadlock);
	times = 2;
}

CRASH(crash_lock_twice, "crash.lock_twice", 8)
{
	take_lock();
	take_lock_again();
	expect_no_return("a lock taken twice");
}

static void fault_in_handler(struct trapframe *frame)
{
	(void)frame;
	read_unmapped(PKMAP_BASE - 4);
	barrier(); /* no jump, but a call */
}

/* The back trace leads through two trap frames. */
CRASH(crash_in_handler, "crash.in_handler", 8)
{
	trap_set_handler(VECTOR_SELFTEST, fault_in_handler);
	__asm__ volatile("int %0" : : "i"(VECTOR_SELFTEST) : "memory");
	expect_no_return("a fault in an interrupt handler");
}

static void panic_in_crew(struct crew_member *self)
{
	(void)self;
	panic_on_purpose();
}

/* Not on the boot CPU, while all others run. */
CRASH(crash_other_cpu, "crash.other_cpu", 8)
{
	static struct crew crew;

	if (crew_start_on(&crew, 1u << highest_bit(cpus_online()), 1, panic_in_crew, NULL))
		crew_join(&crew);
	expect_no_return("a panic on another CPU");
}
