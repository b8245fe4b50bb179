/*
 * Threads, one for each CPU: how a sleeper and its waker meet, as in kernel/sched.c.  kernel/wait.c above it is the
 * kernel's own; so is this file watched, like all that is compiled as the kernel is.
 */
#include "arch/x86/cpu.h"
#include "scenario.h"

/* After those: its own headers it would look for in its own folder. */
#include "mm/mm.h"
#include "mm/pkmap.h"
#include "mm/wait.h"

#include "arch/x86/smp.h"
#include "arch/x86/tlb_owed.h"

#include "arch/x86/upcall.h"
#include "kernel/sched.h"

struct run_queue {
	struct spinlock lock;
	struct thread thread;
};
static struct run_queue run_queues[3];
volatile u32 result[8];

void threads_boot(void)
{
	for (u32 cpu = 0; cpu < 3; cpu++) {
		spin_init(&run_queues[cpu].lock, "run queue");
		run_queues[cpu].thread.cpu = cpu;
		run_queues[cpu].thread.state = THREAD_RUNNING;
	}
}

struct thread *current_thread(void)
{
	return &run_queues[smp_processor_id()].thread;
}

/*
 * As idle_halt() in kernel/sched.c: announced before the last look, and taken back by the interrupt that ends the
 * halt.
 */
static void idle_once(const struct thread *thread)
{
	irq_disable();
	idle_enter();
	if (!thread || READ_ONCE(thread->state) == THREAD_SLEEPING) {
		irq_enable_and_halt();
	} else {
		idle_leave();
		irq_enable();
	}
}

void idle_for_ever(void)
{
	for (;;)
		idle_once(NULL);
}

void sched_sleep_unless(const bool *woken)
{
	while (!READ_ONCE(*woken)) {
		struct run_queue *queue = &run_queues[smp_processor_id()];
		u32 flags = spin_lock_irqsave(&queue->lock);

		if (*woken) {
			spin_unlock_irqrestore(&queue->lock, flags);
			return;
		}
		queue->thread.state = THREAD_SLEEPING;
		spin_unlock_irqrestore(&queue->lock, flags);
		while (READ_ONCE(queue->thread.state) == THREAD_SLEEPING)
			idle_once(&queue->thread);
	}
}

void sched_wake(struct thread *thread, bool *woken)
{
	struct run_queue *queue = &run_queues[thread->cpu];
	u32 flags = spin_lock_irqsave(&queue->lock), cpu = thread->cpu;
	bool asleep = thread->state == THREAD_SLEEPING;

	if (woken)
		WRITE_ONCE(*woken, true);
	if (asleep)
		thread->state = THREAD_READY;
	spin_unlock_irqrestore(&queue->lock, flags);
	if (!asleep)
		return;
	/* As poke() in kernel/sched.c. */
	smp_mb();
	if (cpu != smp_processor_id() && (atomic_read(&cpu_idle_mask) & (1u << cpu)))
		smp_send_reschedule(cpu);
}

/* As dispatch_interrupt() in kernel/arch/x86/trap.c. */
void interrupt_entry(void (*handler)(struct trapframe *frame))
{
	if (this_cpu_test(is_idle))
		idle_leave();
	this_cpu_inc(nosleep.interrupts);
	handler(NULL);
	this_cpu_dec(nosleep.interrupts);
}

/* The interrupt alone ends a CPU's halt. */
void reschedule_interrupt(void)
{
}

void page_goes(struct page *page)
{
	if (unlikely(page->virtual))
		pkmap_retire(page);
}

/* One thread on each CPU: there is nobody else to run. */
void yield(void)
{
}

u32 kick_idle_cpus(void)
{
	return 0;
}

void wait_for(volatile u32 *word, u32 value)
{
	while (*word != value)
		cpu_relax();
}
