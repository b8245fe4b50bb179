/* Wait queues: who is woken, in which order, and that no wake-up is lost. */
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/smp/ipi.h"
#include "kernel/sched/sched_stats.h"
#include "lib/bitops.h"
#include "lib/string.h"
#include "tests/kernel/crew.h"
#include "tests/kernel/selftest.h"

/*
 * Ticks after which a wake-up counts as lost: many times what any host needs.  Then the test fails
 * and leaves its threads asleep.
 */
static struct crew crew;
static struct wait_queue queue = WAIT_QUEUE_INIT(queue, "self-test");

/* ---- Order ---- */

/* Whose turn it is to queue up; how many are awake again, and who, in order. */
static atomic_t arrived, logged, awake;
static u32 woken_log[CREW_MAX];

static void queue_up(struct crew_member *self)
{
	struct waiter waiter;

	while (atomic_read(&arrived) != self->index)
		crew_pause();
	wait_enqueue(&queue, &waiter);
	atomic_inc(&arrived);
	wait_sleep(&waiter);
	EXPECT(0, waiter.woken, "thread %u is awake, but nobody has woken it", self->index);
	wait_dequeue(&queue, &waiter); /* its waker has done so: harmless */
	woken_log[atomic_fetch_add(&logged, 1)] = self->index;
	atomic_inc(&awake); /* after the entry, which wait_order reads when it sees this */
}

/* All members asleep on `queue`, in the order of their numbers. */
static bool all_queued(void)
{
	atomic_set(&arrived, 0);
	atomic_set(&logged, 0);
	atomic_set(&awake, 0);
	if (!crew_start(&crew, 3, queue_up, NULL))
		return false;
	while (atomic_read(&arrived) != crew.n)
		crew_pause();
	return true;
}

static void expect_queue_empty(void)
{
	EXPECT(0, !wait_queue_active(&queue), "a waiter is left in the queue");
	EXPECT_EQ(0, wake_up_one(&queue), 0, "waiters woken in an empty queue");
	EXPECT_EQ(0, wake_up_all(&queue), 0, "waiters woken in an empty queue");
}

SELFTEST(wait_order, "wait.order", 8, "")
{
	if (!all_queued())
		return;
	for (u32 i = 0; i < crew.n; i++) {
		EXPECT_EQ(0, atomic_read(&awake), i, "threads awake before wake-up %u", i);
		EXPECT_EQ(0, wake_up_one(&queue), 1, "threads woken by wake_up_one");
		if (!EXPECT(13, WAIT_FOR(atomic_read(&awake) != i), "nobody wakes up at wake-up %u",
			    i))
			return;
		EXPECT_EQ(0, woken_log[i], i, "thread woken by wake-up %u", i);
	}
	crew_join(&crew);
	expect_queue_empty();
}

SELFTEST(wait_all, "wait.all", 8, "13")
{
	if (!all_queued())
		return;
	EXPECT(0, wait_queue_active(&queue), "a queue with %u waiters is not active", crew.n);
	EXPECT_EQ(0, wake_up_all(&queue), crew.n, "threads woken by wake_up_all");
	if (!EXPECT(13, WAIT_FOR(atomic_read(&awake) == crew.n), "%u of %u threads are awake",
		    atomic_read(&awake), crew.n))
		return;
	crew_join(&crew);
	expect_queue_empty();
}

/* ---- A wake-up before the sleep ---- */

SELFTEST(wait_early, "wait.early", 8, "13")
{
	struct waiter waiter, gone;
	u32 switches;

	wait_enqueue(&queue, &waiter);
	EXPECT_EQ(13, wake_up_one(&queue), 1, "waiters woken before they sleep");
	switches = this_cpu(sched_stats)->switches;
	wait_sleep(&waiter);
	EXPECT_EQ(13, this_cpu(sched_stats)->switches, switches,
		"switches after a sleep that should return at once");
	wait_dequeue(&queue, &waiter);

	wait_enqueue(&queue, &gone);
	wait_dequeue(&queue, &gone);
	EXPECT(0, !gone.woken, "a waiter that left is marked");
	expect_queue_empty();
}

/* ---- Ping-pong ---- */

/* The ball, and for each side a queue where it waits for it. */
static struct {
	struct spinlock lock;
	u32 side, played;
	bool over; /* a wake-up was lost: everybody goes home */
	struct wait_queue queue[2];
} game;

static u32 rallies(void) { return selftest_full ? 4000 : 300; }

static void wait_for_ball(u32 side)
{
	struct waiter waiter;

	spin_lock(&game.lock);
	while (game.side != side && !game.over) {
		wait_enqueue(&game.queue[side], &waiter);
		spin_unlock(&game.lock);
		wait_sleep(&waiter);
		spin_lock(&game.lock);
		wait_dequeue(&game.queue[side], &waiter);
	}
	spin_unlock(&game.lock);
}

static void play(struct crew_member *self)
{
	u32 side = self->index;

	for (u32 i = 0; i < rallies() && !game.over; i++) {
		wait_for_ball(side);
		spin_lock(&game.lock);
		game.played++;
		game.side = !side;
		spin_unlock(&game.lock);
		wake_up_one(&game.queue[!side]);
	}
}

/* Once a wake-up is lost both sides sleep for good: no rally is played any more. */
static bool game_goes_on(u32 all)
{
	for (u32 seen = 0; seen < all; seen = READ_ONCE(game.played))
		if (!WAIT_FOR(READ_ONCE(game.played) != seen))
			return false;
	return true;
}

static void end_game(void)
{
	spin_lock(&game.lock);
	game.over = true;
	spin_unlock(&game.lock);
	wake_up_all(&game.queue[0]);
	wake_up_all(&game.queue[1]);
}

static bool game_ends(u32 mask, u32 each)
{
	u32 all = 2 * rallies();

	bool whole;

	game.side = game.played = 0;
	game.over = false;
	if (!crew_start_on(&crew, mask, each, play, NULL))
		return false;
	whole = EXPECT(13, game_goes_on(all),
		"a wake-up between CPUs %u and %u is lost, after %u of %u", crew.member[0].cpu,
		crew.member[1].cpu, game.played, all);
	if (!whole)
		end_game();
	crew_join(&crew);
	return whole;
}

SELFTEST(wait_ping_pong, "wait.ping_pong", 8, "13")
{
	u32 others = cpus_online() & ~1u;
	u32 other = others & -others;

	spin_init(&game.lock, "game");
	wait_queue_init(&game.queue[0], "side 0");
	wait_queue_init(&game.queue[1], "side 1");
	if (!game_ends(1, 2) || !other)
		return;
	/*
	 * With this test's own thread running on CPU 0, only the other one is ever halted; then
	 * both.
	 */
	if (game_ends(1 | other, 1) && others != other)
		game_ends(other | (1u << highest_bit(others)), 1);
}

/* ---- A halted CPU ---- */

#define MOST_CALLS 100u

static atomic_t answered, enough;

/* Answers each wake-up, until it is enough. */
static void answer(struct crew_member *self)
{
	(void)self;
	while (!atomic_read(&enough)) {
		struct waiter waiter;

		wait_enqueue(&queue, &waiter);
		wait_sleep(&waiter);
		atomic_inc(&answered);
	}
}

/* Wakes the thread on the halted CPU; false, with the test failed, if it does not answer. */
static bool wake_halted(u32 cpu)
{
	u32 before = atomic_read(&answered);

	if (!EXPECT(13, WAIT_FOR(wait_queue_active(&queue) && (cpus_idle() & (1u << cpu))),
		    "CPU %u does not become idle", cpu))
		return false;
	wake_up_all(&queue);
	return EXPECT(
		13, WAIT_FOR(atomic_read(&answered) != before), "a wake-up of CPU %u is lost", cpu);
}

/*
 * A wake-up of a halted CPU interrupts it, and does not leave it to the next tick.  A tick may have
 * ended the halt just before the wake-up, which then rightly sends nothing: so not each must, but
 * three of a hundred do.
 */
static void expect_at_once(u32 cpu)
{
	u32 before = *this_cpu(ipis_sent);

	for (u32 i = 0; i < MOST_CALLS && *this_cpu(ipis_sent) - before < 3 && wake_halted(cpu);
		i++)
		;
	EXPECT(13, *this_cpu(ipis_sent) - before >= 3,
		"%u interrupts sent by up to %u wake-ups of halted CPU %u",
		*this_cpu(ipis_sent) - before, MOST_CALLS, cpu);
}

SELFTEST(wait_halted, "wait.halted", 8, "13")
{
	u32 others = cpus_online() & ~1u;

	if (!others) {
		selftest_skip("one CPU");
		return;
	}
	atomic_set(&enough, 0);
	if (!crew_start_on(&crew, others & -others, 1, answer, NULL))
		return;
	expect_at_once(crew.member[0].cpu);
	while (!wait_queue_active(&queue))
		crew_pause();
	atomic_set(&enough, 1);
	wake_up_all(&queue);
	crew_join(&crew);
}
