/*
 * Threads, one for each CPU: how a sleeper and its waker meet, as in kernel/sched/sched.c.
 * kernel/sched/wait.c above it is the kernel's own; so is this file watched, like all that is
 * compiled as the kernel is.
 */
#include "scenario.h"

/* After those: its own headers it would look for in its own folder. */
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/smp/ipi.h"
#include "mm/pages/reclaim.h"
#include "mm/pkmap/pkmap_retire.h"
#include "mm/tables/address_space.h"
#include "mm/wait.h"

#include "arch/x86/paging/tlb_idle.h"

#include "arch/x86/upcall.h"
#include "kernel/sched/sched.h"
#include "lib/bitops.h"

struct model_queue {
	struct spinlock lock;
	struct thread thread;
	u32 idle; /* its idle thread runs */
};
static struct model_queue run_queues[3];

void threads_boot(void)
{
	for (u32 cpu = 0; cpu < 3; cpu++) {
		spin_init(&run_queues[cpu].lock, "run queue");
		run_queues[cpu].thread.cpu = cpu;
		run_queues[cpu].thread.state = THREAD_RUNNING;
	}
}

struct thread *current_thread(void) { return &run_queues[smp_processor_id()].thread; }

/*
 * As idle_halt() in kernel/sched/sched.c: announced before the last look, and taken back whatever
 * ends the halt.
 */
static void idle_halt(const struct thread *thread)
{
	irq_disable();
	idle_enter();
	if ((!thread || READ_ONCE(thread->state) == THREAD_SLEEPING) && !trim_is_asked()) {
		irq_enable_and_halt();
		irq_disable();
	}
	if (this_cpu_test(is_idle))
		idle_leave();
	irq_enable();
}

/* As idle_loop(), which trims first, and yield(), which trims before it switches to the thread. */
static void idle_once(const struct thread *thread)
{
	trim_if_asked();
	idle_halt(thread);
}

void idle_for_ever(void)
{
	WRITE_ONCE(run_queues[smp_processor_id()].idle, 1);
	for (;;)
		idle_once(NULL);
}

volatile u32 *idle_runs(u32 cpu) { return &run_queues[cpu].idle; }

void sched_sleep_unless(const bool *woken)
{
	while (!READ_ONCE(*woken)) {
		struct model_queue *queue = &run_queues[smp_processor_id()];
		u32 flags = spin_lock_irqsave(&queue->lock);

		if (*woken) {
			spin_unlock_irqrestore(&queue->lock, flags);
			return;
		}
		queue->thread.state = THREAD_SLEEPING;
		spin_unlock_irqrestore(&queue->lock, flags);
		WRITE_ONCE(queue->idle, 1);
		while (READ_ONCE(queue->thread.state) == THREAD_SLEEPING)
			idle_once(&queue->thread);
		trim_if_asked();
		WRITE_ONCE(queue->idle, 0);
	}
}

void sched_wake(struct thread *thread, bool *woken)
{
	struct model_queue *queue = &run_queues[thread->cpu];
	u32 flags = spin_lock_irqsave(&queue->lock), cpu = thread->cpu;
	bool asleep = thread->state == THREAD_SLEEPING;

	if (woken)
		WRITE_ONCE(*woken, true);
	if (asleep)
		thread->state = THREAD_READY;
	spin_unlock_irqrestore(&queue->lock, flags);
	if (!asleep)
		return;
	/* As poke() in kernel/sched/queues.c. */
	smp_mb();
	if (cpu != smp_processor_id() && (atomic_read(&cpu_idle_mask) & (1u << cpu)))
		smp_send_reschedule(cpu);
}

/* ---- One CPU tells others ---- */

static struct spinlock told_lock = SPINLOCK_INIT("scenario");
static struct wait_queue listeners = WAIT_QUEUE_INIT(listeners, "scenario");
static bool told;

void sleep_until_told(void)
{
	struct waiter waiter;

	spin_lock(&told_lock);
	while (!told) {
		wait_enqueue(&listeners, &waiter);
		spin_unlock(&told_lock);
		wait_sleep(&waiter);
		spin_lock(&told_lock);
		wait_dequeue(&listeners, &waiter);
	}
	spin_unlock(&told_lock);
}

void tell(void)
{
	spin_lock(&told_lock);
	told = true;
	wake_up_all(&listeners);
	spin_unlock(&told_lock);
}

/* ---- What the engine asks ---- */

void env_work(const struct scenario *scenario, void (*work[])(void))
{
	for (u32 cpu = 0; cpu < 3; cpu++)
		work[cpu] = scenario->cpu[cpu];
}

void env_start(const struct scenario *scenario) { (void)scenario; }
bool env_all_ended(char *text, size_t size)
{
	(void)text;
	(void)size;
	return true;
}
void env_check_state(void) {}
void env_user_return(void) {}
void env_user_interrupted(void) {}
void env_ignore_counters(void) {}

/* The interrupt alone ends a CPU's halt. */
void reschedule_interrupt(void) {}

void page_goes(struct page *page)
{
	if (unlikely(page->virtual))
		pkmap_retire(page);
}

/* One thread on each CPU: there is nobody else to run. */
void yield(void) {}
void cond_resched(void) {}

bool idle_thread_runs(u32 cpu) { return READ_ONCE(run_queues[cpu].idle); }

/* As in kernel/sched/idle.c. */
u32 kick_idle_cpus(void)
{
	u32 idle = 0;

	for (u32 left = cpus_online() & ~(1u << smp_processor_id()); left; left &= left - 1) {
		u32 cpu = lowest_bit(left);

		if (idle_thread_runs(cpu))
			idle |= 1u << cpu;
		if (atomic_read(&cpu_idle_mask) & (1u << cpu))
			smp_send_reschedule(cpu);
	}
	return idle;
}

u32 seconds_up(void) { return 0; }

void each_thread_kmaps(void (*look)(const char *thread, u32 kmaps)) { (void)look; }

const char *current_name(void) { return "cpu"; }
