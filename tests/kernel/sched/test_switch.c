/*
 * Switches from thread to thread: wake-ups that come at once, time slices that end, stacks that are
 * left before they are freed.
 */
#include "arch/x86/console/panic.h"
#include "arch/x86/console/symbols.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/irq/clock.h"
#include "arch/x86/smp/cpumask.h"
#include "kernel/sched/sched_stats.h"
#include "lib/bitops.h"
#include "mm/objects/kstack.h"
#include "mm/pages/page_alloc.h"
#include "mm/tables/address_space.h"
#include "tests/kernel/crew.h"
#include "tests/kernel/machine/probe.h"
#include "tests/kernel/selftest.h"

static struct crew crew;

static u32 ticks_of(u32 cpu) { return READ_ONCE(per_cpu(sched_stats, cpu)->ticks); }

/* ---- A wake-up comes at once ---- */

#define MOST_TRIES 100u
#define ENOUGH 3u

static struct wait_queue queue = WAIT_QUEUE_INIT(queue, "self-test");
static struct {
	atomic_t answers, enough;
	u32 ticks; /* of its CPU, when the sleeper ran again */
} sleeper;

static void answer(struct crew_member *self)
{
	while (!atomic_read(&sleeper.enough)) {
		struct waiter waiter;

		wait_enqueue(&queue, &waiter);
		wait_sleep(&waiter);
		WRITE_ONCE(sleeper.ticks, ticks_of(self->cpu));
		atomic_inc(&sleeper.answers);
	}
}

static bool is_halted(u32 cpu) { return wait_queue_active(&queue) && (cpus_idle() & (1u << cpu)); }

/*
 * True shortly after a tick that the CPU has taken and gone back to its halt from: the next one is
 * far.
 */
static bool halted_after_tick(u32 cpu)
{
	u32 before = ticks_of(cpu);

	if (!EXPECT(0, WAIT_FOR(ticks_of(cpu) != before), "the timer of CPU %u stands still", cpu))
		return false;
	udelay(1000000 / HZ / 10);
	return EXPECT(0, WAIT_FOR(is_halted(cpu)), "CPU %u does not become idle", cpu);
}

/*
 * Wakes the thread on the halted CPU: 1 if it ran before that CPU's next tick, 0 if after it, -1 if
 * never.
 */
static int wake_and_look(u32 cpu)
{
	u32 answers = atomic_read(&sleeper.answers), ticks;

	if (!halted_after_tick(cpu))
		return -1;
	ticks = ticks_of(cpu);
	wake_up_all(&queue);
	if (!EXPECT(13, WAIT_FOR(atomic_read(&sleeper.answers) != answers),
		    "a wake-up of CPU %u is lost", cpu))
		return -1;
	return READ_ONCE(sleeper.ticks) == ticks;
}

/* A host that lets a CPU run only now and then may put a tick in between, but not each time. */
static void expect_at_once(u32 cpu)
{
	u32 tries, at_once = 0;
	int seen = 0;

	for (tries = 0; tries < MOST_TRIES && at_once < ENOUGH && seen >= 0; tries++) {
		seen = wake_and_look(cpu);
		at_once += seen > 0;
	}
	EXPECT(13, at_once >= ENOUGH,
		"of %u wake-ups of halted CPU %u, %u came before its next tick", tries, cpu,
		at_once);
}

SELFTEST(wait_at_once, "wait.at_once", 8, "13")
{
	u32 others = cpus_online() & ~(1u << smp_processor_id());

	if (!others) {
		selftest_skip("one CPU");
		return;
	}
	atomic_set(&sleeper.enough, 0);
	if (!crew_start_on(&crew, others & -others, 1, answer, NULL))
		return;
	expect_at_once(lowest_bit(others));
	while (!wait_queue_active(&queue))
		crew_pause();
	atomic_set(&sleeper.enough, 1);
	wake_up_all(&queue);
	crew_join(&crew);
}

/* ---- Time slices ---- */

/* Many slices: only one that never ends takes so long. */
#define MOST_TICKS 50u

static struct {
	atomic_t other_ran;
	u32 switches_within; /* a slice that has just begun */
	u32 ticks_within;
} slice;

/* What cond_resched() does in a slice that has just begun: nothing, unless a tick comes. */
static void look_at_new_slice(u32 cpu)
{
	u32 ticks = ticks_of(cpu), switches = per_cpu(sched_stats, cpu)->switches;

	cond_resched();
	slice.switches_within = per_cpu(sched_stats, cpu)->switches - switches;
	slice.ticks_within = ticks_of(cpu) - ticks;
}

/*
 * The first member goes on until the second has run, which on the same CPU takes the end of its
 * slice.
 */
static void run_long(struct crew_member *self)
{
	u32 start;

	if (self->index == 1) {
		atomic_set(&slice.other_ran, 1);
		return;
	}
	look_at_new_slice(self->cpu);
	start = ticks_of(self->cpu);
	while (!atomic_read(&slice.other_ran) && ticks_of(self->cpu) - start < MOST_TICKS) {
		cpu_relax();
		cond_resched();
	}
	EXPECT(0, atomic_read(&slice.other_ran),
		"after %u ticks of one thread the other one on CPU %u has not run",
		ticks_of(self->cpu) - start, self->cpu);
}

SELFTEST(thread_slice, "thread.slice", 8, "")
{
	atomic_set(&slice.other_ran, 0);
	if (!crew_start_on(&crew, 1u << smp_processor_id(), 2, run_long, NULL))
		return;
	crew_join(&crew);
	if (slice.ticks_within == 0)
		EXPECT_EQ(0, slice.switches_within, 0,
			"switches by cond_resched() in a slice that has just begun");
}

/* ---- The stack of a thread that ends ---- */

#define TRAP_DEBUG 1u
/* SDM vol. 3, 2.3: a debug exception after each instruction. */
#define EFLAGS_TF (1u << 8)

static struct {
	struct thread *thread;
	/* steps on its stack; those of them at which it had already been given up */
	u32 steps, too_early;
	uintptr_t place;
	bool left;
} leaving;

/* The handler's frame lies on the stack that the interrupted code used. */
static void look_at_stack(struct trapframe *frame)
{
	uintptr_t here = (uintptr_t)frame, top = leaving.thread->stack_top;

	if (here >= top || here < top - KERNEL_STACK_SIZE) {
		frame->eflags &= ~EFLAGS_TF;
		leaving.left = true;
		return;
	}
	leaving.steps++;
	if (!leaving.thread->on_cpu && !leaving.too_early++)
		leaving.place = frame->eip;
}

static void end_in_steps(void *unused)
{
	(void)unused;
	leaving.thread = current_thread();
	__asm__ volatile("pushf; orl %0, (%%esp); popf" : : "i"(EFLAGS_TF) : "memory", "cc");
}

/*
 * From its last call to the switch, while it stands on its stack, on_cpu says so: thread_join()
 * frees the stack when it does not.
 */
SELFTEST(thread_last_switch, "sleep.last_switch", 8, "")
{
	struct thread *thread;
	u32 offset = 0;
	const char *name;

	leaving.steps = leaving.too_early = 0;
	leaving.left = false;
	trap_set_handler(TRAP_DEBUG, look_at_stack);
	thread = thread_create("leaving", end_in_steps, NULL, smp_processor_id());
	if (EXPECT(0, thread, "no memory for a thread"))
		thread_join(thread);
	trap_set_handler(TRAP_DEBUG, NULL);
	name = symbol_name(leaving.place, &offset);
	EXPECT(0, leaving.left && leaving.steps > 20, "left: %d, after %u steps", leaving.left,
		leaving.steps);
	EXPECT(0, leaving.too_early == 0,
		"%u of %u steps on a stack that may be freed, the first at %s+0x%x",
		leaving.too_early, leaving.steps, name, offset);
}

static struct {
	struct thread *thread;
	bool ran, joined;
} ending;

static void end_at_once(void *unused)
{
	(void)unused;
	WRITE_ONCE(ending.ran, true);
}

static void join_it(void *unused)
{
	(void)unused;
	thread_join(ending.thread);
	WRITE_ONCE(ending.joined, true);
}

static bool has_ended(const struct thread *thread)
{
	return READ_ONCE(ending.ran) && READ_ONCE(thread->state) == THREAD_DEAD && !thread->on_cpu;
}

/* Enough turns for the joiner to return if nothing held it back. */
#define TURNS 20u

static void expect_join_waits(struct thread *joiner)
{
	for (u32 i = 0; i < TURNS; i++)
		yield();
	EXPECT(0, !READ_ONCE(ending.joined),
		"a thread is joined, and freed, while its CPU stands on its stack");
	ending.thread->on_cpu = false;
	EXPECT(0, WAIT_FOR(READ_ONCE(ending.joined)), "a thread that has ended is not joined");
	thread_join(joiner);
}

/*
 * The last switch is held up: the dead thread's mark is set again, as if its CPU had not come that
 * far.
 */
SELFTEST(thread_join_waits, "thread.join_waits", 8, "")
{
	u32 here = smp_processor_id();
	struct thread *joiner;

	ending.ran = ending.joined = false;
	ending.thread = thread_create("ending", end_at_once, NULL, here);
	if (!EXPECT(0, ending.thread, "no memory for a thread") ||
		!EXPECT(0, WAIT_FOR(has_ended(ending.thread)),
			"a thread with nothing to do does not end"))
		return;
	ending.thread->on_cpu = true;
	joiner = thread_create("joiner", join_it, NULL, here);
	if (EXPECT(0, joiner, "no memory for a thread"))
		expect_join_waits(joiner);
	else
		ending.thread->on_cpu = false;
}

/* ---- Address spaces ---- */

#define SHARED_ADDRESS 0x10000000u
#define READS 5u

static struct mm *spaces[2];

static bool make_space(u32 i)
{
	struct page *page = alloc_page(GFP_KERNEL);

	spaces[i] = page ? mm_create() : NULL;
	if (!EXPECT(0, spaces[i], "no memory for an address space"))
		return false;
	*(u32 *)lowmem_page_address(page) = i;
	EXPECT_EQ(
		0, mm_map(spaces[i], SHARED_ADDRESS, page, PAGE_LOW_KERNEL), 0, "error of mm_map");
	put_page(page);
	return true;
}

static void read_own(struct crew_member *self)
{
	u32 value = ~0u;

	thread_use_mm(spaces[self->index]);
	for (u32 i = 0; i < READS; i++) {
		yield();
		EXPECT(0, probe_read(SHARED_ADDRESS, &value), "the page of thread %u is not mapped",
			self->index);
		EXPECT_EQ(0, value, self->index, "thread whose page thread %u reads", self->index);
	}
	thread_use_mm(NULL);
}

/* Two threads in turn on one CPU, each with a page of its own at the same address. */
SELFTEST(thread_spaces, "thread.spaces", 8, "")
{
	if (!make_space(0) || !make_space(1))
		return;
	if (crew_start_on(&crew, 1u << smp_processor_id(), 2, read_own, NULL))
		crew_join(&crew);
	mm_destroy(spaces[0]);
	mm_destroy(spaces[1]);
}
