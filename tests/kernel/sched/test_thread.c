/*
 * Kernel threads: made and joined, their stacks, their turns, the contexts in which none may sleep.
 */
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/paging/fixmap.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/upcall.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mm/boot/ram_layout.h"
#include "mm/objects/kstack.h"
#include "mm/pages/page_alloc.h"
#include "mm/pkmap/highmem.h"
#include "mm/pkmap/kmap_atomic.h"
#include "tests/checkers/page_counts.h"
#include "tests/checkers/quicklist_check.h"
#include "tests/kernel/crew.h"
#include "tests/kernel/machine/probe.h"
#include "tests/kernel/selftest.h"

static struct crew crew;

static u32 last_cpu(void) { return 31u - (u32)__builtin_clz(cpus_online()); }

/* ---- Created, joined ---- */

static atomic_t runs[CREW_MAX];
static struct thread *seen[CREW_MAX];

static void introduce(struct crew_member *self)
{
	char name[THREAD_NAME_SIZE];

	snprintf(name, sizeof(name), "crew/%u.%u", self->cpu, self->index);
	EXPECT_EQ(0, smp_processor_id(), self->cpu, "CPU on which thread %s runs", name);
	EXPECT(0, !strcmp(current_name(), name), "name '%s', should be '%s'", current_name(), name);
	EXPECT_EQ(0, current_thread()->cpu, self->cpu, "CPU to which thread %s belongs", name);
	EXPECT_EQ(
		0, current_thread()->state, THREAD_RUNNING, "state of the running thread %s", name);
	EXPECT(0, irqs_enabled(), "thread %s begins with interrupts off", name);
	seen[self->index] = current_thread();
	atomic_inc(&runs[self->index]);
}

SELFTEST(thread_create_join, "thread.create", 8, "")
{
	memset(runs, 0, sizeof(runs));
	if (!crew_start(&crew, 3, introduce, NULL))
		return;
	crew_join(&crew);
	for (u32 i = 0; i < crew.n; i++) {
		EXPECT_EQ(0, atomic_read(&runs[i]), 1, "runs of thread %u when all are joined", i);
		EXPECT(0, seen[i] == crew.member[i].thread,
			"thread %u was another one than thread_create() returned", i);
	}
}

/* ---- Stacks ---- */

static void expect_stack_page(uintptr_t address)
{
	struct walk walk = pgtable_walk(swapper_pg_dir, address);

	if (!EXPECT(49, walk.mapped, "stack page 0x%x is not mapped", address))
		return;
	EXPECT(49, phys_to_pfn(walk.phys) < max_low_pfn,
		"stack page 0x%x is frame 0x%x, low memory ends at 0x%x", address,
		phys_to_pfn(walk.phys), max_low_pfn);
	EXPECT(49, walk.writable && !walk.user && walk.nx == (pte_nx_bit != 0),
		"stack page 0x%x: writable %d, user %d, no-execute %d", address, walk.writable,
		walk.user, walk.nx);
}

static void expect_guard(uintptr_t address)
{
	struct walk walk = pgtable_walk(swapper_pg_dir, address);
	u32 value;

	EXPECT(49, !walk.mapped && walk.levels == PAGING_LEVELS,
		"guard page 0x%x: mapped %d, %u levels", address, walk.mapped, walk.levels);
	EXPECT(49, !probe_read(address, &value) && !probe_write(address, 0),
		"guard page 0x%x can be touched", address);
}

static void look_at_stack(struct crew_member *self)
{
	uintptr_t top = current_thread()->stack_top, bottom = top - KERNEL_STACK_SIZE;
	uintptr_t here = (uintptr_t)&top;
	const char *owner = guard_page_owner(bottom - 4);

	(void)self;
	EXPECT(49, IS_ALIGNED(top, PAGE_SIZE), "stack top 0x%x", top);
	EXPECT(49, here >= bottom && here < top, "local variable at 0x%x, stack from 0x%x to 0x%x",
		here, bottom, top);
	for (uintptr_t address = bottom; address < top; address += PAGE_SIZE)
		expect_stack_page(address);
	expect_guard(bottom - 4);
	expect_guard(top);
	EXPECT(49, owner && !strcmp(owner, current_name()), "guard page of thread %s belongs to %s",
		current_name(), owner ? owner : "nobody");
}

SELFTEST(thread_stack, "thread.stack", 8, "49")
{
	if (crew_start(&crew, 1, look_at_stack, NULL))
		crew_join(&crew);
}

/* ---- Memory ---- */

static void end_at_once(struct crew_member *self) { (void)self; }

/* With nothing kept ready: neither tables, stacks nor empty pages of objects. */
static u32 pages_free(void)
{
	settle_pages();
	return nr_free_pages() + nr_percpu_pages() + nr_cached_tables_all();
}

/* False: no memory. */
static bool make_and_join(u32 times)
{
	for (u32 i = 0; i < times; i++) {
		if (!crew_start(&crew, 8, end_at_once, NULL))
			return false;
		crew_join(&crew);
	}
	return true;
}

SELFTEST(thread_memory, "thread.memory", 8, "51")
{
	u32 before;

	/* What is kept for good (pages of the table of stacks) is there after the first time. */
	if (!make_and_join(1))
		return;
	before = pages_free();
	if (!make_and_join(selftest_full ? 100 : 2))
		return;
	EXPECT_EQ(51, pages_free(), before, "free pages after %u threads were created and joined",
		crew.n);
}

/* ---- Turns ---- */

#define TURNS 6u
#define THREADS 3u

static u32 turn_log[TURNS * THREADS], turn_count;
static atomic_t all_there;

/* One CPU, and nobody is preempted: no lock is needed. */
static void take_turns(struct crew_member *self)
{
	while (!atomic_read(&all_there))
		crew_pause();
	for (u32 i = 0; i < TURNS; i++) {
		turn_log[turn_count++] = self->index;
		yield();
	}
}

static void expect_round_robin(u32 cpu)
{
	turn_count = 0;
	atomic_set(&all_there, 0);
	if (!crew_start_on(&crew, 1u << cpu, THREADS, take_turns, NULL))
		return;
	atomic_set(&all_there, 1);
	crew_join(&crew);
	EXPECT_EQ(0, turn_count, TURNS * THREADS, "turns taken on CPU %u", cpu);
	for (u32 i = THREADS; i < turn_count; i++)
		if (!EXPECT_EQ(0, turn_log[i], turn_log[i - THREADS],
			    "turn %u on CPU %u goes to thread", i, cpu))
			return;
	EXPECT(0,
		turn_log[0] != turn_log[1] && turn_log[1] != turn_log[2] &&
			turn_log[0] != turn_log[2],
		"first turns on CPU %u go to threads %u, %u, %u", cpu, turn_log[0], turn_log[1],
		turn_log[2]);
}

SELFTEST(thread_yield, "thread.yield", 8, "")
{
	expect_round_robin(0);
	if (last_cpu() != 0)
		expect_round_robin(last_cpu());
}

/* ---- Contexts in which nobody may sleep ---- */

static void try_might_sleep(void *unused)
{
	(void)unused;
	might_sleep("the test", CALLER());
}

static void try_yield(void *unused)
{
	(void)unused;
	yield();
}

/* Woken beforehand, so it would return at once: the context is wrong all the same. */
static void try_wait_sleep(void *unused)
{
	struct waiter waiter = { .thread = current_thread(), .woken = true };

	(void)unused;
	wait_sleep(&waiter);
}

static void expect_no_sleep(const char *why)
{
	EXPECT(16, selftest_panics(try_might_sleep, NULL, 16), "might_sleep %s", why);
	EXPECT_SAID(why);
	EXPECT(16, selftest_panics(try_yield, NULL, 16), "yield %s", why);
	EXPECT_SAID(why);
	EXPECT(16, selftest_panics(try_wait_sleep, NULL, 16), "wait_sleep %s", why);
	EXPECT_SAID(why);
}

static void sleep_in_handler(struct trapframe *frame)
{
	(void)frame;
	expect_no_sleep("in an interrupt handler");
	irq_enable();
	expect_no_sleep("in an interrupt handler");
	irq_disable();
}

static void expect_no_sleep_atomic(struct page *page)
{
	void *address = kmap_atomic(page);

	expect_no_sleep("with an atomic kmap held");
	kunmap_atomic(address);
}

SELFTEST(thread_might_sleep, "thread.might_sleep", 8, "16, 18, 30")
{
	static struct spinlock lock = SPINLOCK_INIT("sleeper's");
	struct page *low = alloc_page(GFP_KERNEL), *any = alloc_page(GFP_HIGHUSER);

	EXPECT(16, !selftest_panics(try_yield, NULL, 0), "yield where it is allowed: %s",
		selftest_panic_text);
	spin_lock(&lock);
	expect_no_sleep("with a spinlock held");
	spin_unlock(&lock);
	irq_disable();
	expect_no_sleep("with interrupts off");
	irq_enable();
	trap_set_handler(VECTOR_SELFTEST, sleep_in_handler);
	__asm__ volatile("int %0" : : "i"(VECTOR_SELFTEST) : "memory");
	trap_set_handler(VECTOR_SELFTEST, NULL);
	if (EXPECT(0, low && any, "no memory for two pages")) {
		expect_no_sleep_atomic(low);
		expect_no_sleep_atomic(any);
		free_page(low);
		free_page(any);
	}
}
