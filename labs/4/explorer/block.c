/* sched_block(): what an irqsave lock guards, and sleeping, are one step for others. */
#include "explorer.h"

static struct spinlock outer = SPINLOCK_INIT("outer");
static struct thread *blocked, *partner;
static bool done;

/* Unless it is done: sleeps until it is. */
static void block_until_done(void)
{
	u32 flags = spin_lock_irqsave(&outer);

	if (!done) {
		blocked = current_thread();
		sched_block(&outer, NULL);
		MUST(!blocked, "sched_block returns, and nobody has woken the thread");
	} else {
		spin_unlock_irqrestore(&outer, flags);
	}
}

static void do_it(void)
{
	struct thread *early = blocked;
	u32 flags = spin_lock_irqsave(&outer);
	struct thread *thread = control == LOOKED_EARLY ? early : blocked;

	done = true;
	blocked = NULL;
	if (thread)
		sched_wake(thread, NULL);
	spin_unlock_irqrestore(&outer, flags);
}

static void start_block(void)
{
	begin(0, do_it);
	begin(1, block_until_done);
}

SCENARIO(block_far, .no_pool = true, .about = "a thread blocks, and another CPU wakes it",
	.cpus = 2, .start = start_block);

/* The same, and it wakes a partner of the other CPU as it goes to sleep. */
static void wait_for_partner(void)
{
	u32 flags = spin_lock_irqsave(&outer);

	(void)flags;
	partner = current_thread();
	sched_block(&outer, NULL);
	do_it();
}

static void block_with_partner(void)
{
	spin_lock_irqsave(&outer);
	blocked = current_thread();
	sched_block(&outer, partner);
	MUST(!blocked, "sched_block returns, and nobody has woken the thread");
}

static void partner_far(void) { begin(0, wait_for_partner); }
static void start_partner(void) { begin(1, block_with_partner); }

SCENARIO(block_far_partner, .no_pool = true,
	.about = "a thread blocks, and its partner runs on another CPU", .cpus = 2,
	.setup = partner_far, .start = start_partner);
