/*
 * A wake-up at every moment of going to sleep.
 *
 * A thread goes to sleep in single steps; an interrupt's place is taken by the trap after the n-th instruction at which an
 * interrupt could come (EFLAGS.IF set), which wakes the thread.  n grows until the thread is asleep before its turn
 * comes.  Between the look at `woken` and the sleep there are few instructions, which chance would seldom hit.
 */
#include "arch/x86/cpu.h"
#include "arch/x86/panic.h"
#include "arch/x86/trap.h"
#include "kernel/thread.h"
#include "tests/kernel/selftest.h"

#define TRAP_DEBUG 1u
/* SDM vol. 3, 2.3: a debug exception after each instruction. */
#define EFLAGS_TF (1u << 8)

static struct wait_queue queue = WAIT_QUEUE_INIT(queue, "self-test");

static struct {
	struct thread *sleeper;
	u32 wake_after, steps;
	volatile bool woken;	/* the wake-up has been given */
	uintptr_t place;	/* where it was given */
	bool was_asleep;	/* the sleeper had given up the CPU by then */
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

		EXPECT(13, false, "the wake-up at %s+0x%x, step %u, is %s", name, offset, trial.wake_after,
		       is_lost() ? "lost" : "of no effect");
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
		EXPECT(13, trial.wake_after > 20, "only %u steps on the way to sleep", trial.wake_after);
		selftest_note("sleep.steps: %u steps", trial.wake_after);
		/* Only here: a thread that was left behind may still be stepping. */
		trap_set_handler(TRAP_DEBUG, NULL);
	}
}
