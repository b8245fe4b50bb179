/*
 * A wake-up at every moment of going to sleep.
 *
 * A thread goes to sleep in single steps; an interrupt's place is taken by the trap after the n-th
 * instruction at which an interrupt could come (EFLAGS.IF set), which wakes the thread.  n grows
 * until the thread is asleep before its turn comes.  Between the look at `woken` and the sleep
 * there are few instructions, which chance would seldom hit.
 */
#include "arch/x86/console/panic.h"
#include "arch/x86/console/symbols.h"
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/cpu/trap.h"
#include "kernel/sched/sched_stats.h"
#include "kernel/sched/thread.h"
#include "tests/kernel/selftest.h"

#define TRAP_DEBUG 1u
/* SDM vol. 3, 2.3: a debug exception after each instruction. */
#define EFLAGS_TF (1u << 8)

static struct wait_queue queue = WAIT_QUEUE_INIT(queue, "self-test");

static struct {
	struct thread *sleeper;
	u32 wake_after, steps;
	volatile bool woken; /* the wake-up has been given */
	uintptr_t place;     /* where it was given */
	bool was_asleep;     /* the sleeper had given up the CPU by then */
	volatile bool finished;
} trial;

static void single_step(struct trapframe *frame)
{
	if (!(frame->eflags & EFLAGS_IF))
		return;
	trial.was_asleep = current_thread() != trial.sleeper;
	if (!trial.was_asleep && trial.steps++ < trial.wake_after)
		return;
	frame->eflags &= ~EFLAGS_TF;
	trial.place = frame->eip;
	trial.woken = true;
	wake_up_all(&queue);
}

static void step_from_here(void)
{
	__asm__ volatile("pushf; orl %0, (%%esp); popf" : : "i"(EFLAGS_TF) : "memory", "cc");
}

static void sleep_once(u32 wake_after)
{
	struct waiter waiter;

	trial.wake_after = wake_after;
	trial.steps = 0;
	trial.woken = false;
	wait_enqueue(&queue, &waiter);
	step_from_here();
	wait_sleep(&waiter);
	/* Asleep or not, the trap came before the return: it is what ends the stepping. */
	while (!trial.woken)
		cpu_relax();
	EXPECT(13, waiter.woken, "step %u: awake without a wake-up", wake_after);
	wait_dequeue(&queue, &waiter);
}

static void sleep_often(void *unused)
{
	(void)unused;
	trial.sleeper = current_thread();
	trial.was_asleep = false;
	for (u32 n = 0; !trial.was_asleep; n++)
		sleep_once(n);
	trial.finished = true;
}

/* Both threads belong to this CPU, so the sleeper stands still while we look. */
static bool is_lost(void)
{
	u32 flags = irq_save();
	bool lost = trial.woken && trial.sleeper->state == THREAD_SLEEPING;

	irq_restore(flags);
	return lost;
}

/* Far more turns than the sleeper needs. */
#define MOST_TURNS 100000u

static bool all_wake_ups_arrive(void)
{
	for (u32 turn = 0; turn < MOST_TURNS && !trial.finished && !is_lost(); turn++)
		yield();
	if (!trial.finished) {
		u32 offset;
		const char *name = symbol_name(trial.place, &offset);

		EXPECT(13, false, "the wake-up at %s+0x%x, step %u, is %s", name, offset,
			trial.wake_after, is_lost() ? "lost" : "of no effect");
	}
	return trial.finished;
}

SELFTEST(sleep_steps, "sleep.steps", 8, "13")
{
	struct thread *thread;

	trial.finished = trial.woken = false;
	trap_set_handler(TRAP_DEBUG, single_step);
	thread = thread_create("sleeper", sleep_often, NULL, 0);
	if (EXPECT(0, thread, "no memory for a thread") && all_wake_ups_arrive()) {
		thread_join(thread);
		EXPECT(13, trial.wake_after > 20, "only %u steps on the way to sleep",
			trial.wake_after);
		selftest_note("sleep.steps: %u steps", trial.wake_after);
		/* Only here: a thread that was left behind may still be stepping. */
		trap_set_handler(TRAP_DEBUG, NULL);
	}
}

/*
 * The same for a CPU that goes idle: a thread that becomes ready at any moment before the hlt is
 * found by the idle thread's last look.  Without it the CPU would halt beside a ready thread until
 * the next tick.  Nobody else may run on this CPU meanwhile: the test waits in thread_join().
 */
static struct {
	struct thread *sleeper;
	u32 wake_after, steps;
	u32 halts; /* when the sleeper went to sleep */
	bool woken;
	bool reached_halt; /* before its turn came: every moment has been tried */
	u32 missed;        /* halts with the sleeper ready */
	u32 missed_after;
} idle;

static u32 halts_here(void) { return this_cpu(sched_stats)->halts; }

/*
 * The last step of a trial, just before the hlt (which is not to be stepped over), or back in the
 * sleeper.
 */
static void end_trial(struct trapframe *frame)
{
	frame->eflags &= ~EFLAGS_TF;
	if (current_thread() == idle.sleeper)
		return;
	idle.reached_halt = !idle.woken;
	if (idle.woken && !idle.missed++)
		idle.missed_after = idle.wake_after;
	wake_up_all(&queue);
}

static void step_in_idle(struct trapframe *frame)
{
	bool in_sleeper = current_thread() == idle.sleeper;

	if (idle.woken && in_sleeper)
		end_trial(frame);
	else if (!in_sleeper && halts_here() != idle.halts)
		end_trial(frame);
	else if (!in_sleeper && !idle.woken && (frame->eflags & EFLAGS_IF) &&
		 idle.steps++ == idle.wake_after) {
		idle.woken = true;
		wake_up_all(&queue);
	}
}

static void let_it_idle(void *unused)
{
	(void)unused;
	idle.sleeper = current_thread();
	for (idle.wake_after = 0; !idle.reached_halt && !idle.missed; idle.wake_after++) {
		struct waiter waiter;

		idle.steps = 0;
		idle.woken = false;
		idle.halts = halts_here();
		wait_enqueue(&queue, &waiter);
		step_from_here();
		wait_sleep(&waiter);
		wait_dequeue(&queue, &waiter);
	}
}

SELFTEST(sleep_idle_steps, "sleep.idle_steps", 8, "13")
{
	struct thread *thread;

	idle.missed = 0;
	idle.reached_halt = false;
	trap_set_handler(TRAP_DEBUG, step_in_idle);
	thread = thread_create("sleeper", let_it_idle, NULL, smp_processor_id());
	if (EXPECT(0, thread, "no memory for a thread")) {
		thread_join(thread);
		EXPECT_EQ(13, idle.missed, 0,
			"halts beside a thread made ready at step %u of the idle loop",
			idle.missed_after);
		EXPECT(13, idle.wake_after > 20, "only %u steps from idling to the hlt",
			idle.wake_after);
		selftest_note("sleep.idle_steps: %u steps", idle.wake_after);
	}
	trap_set_handler(TRAP_DEBUG, NULL);
}
