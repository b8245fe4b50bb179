/* Threads on all CPUs that make random calls: see race.h. */
#include "user/random/race.h"

#include "lib/compiler.h"
#include "user/lib/kernel_call.h"
#include "user/lib/layout.h"
#include "user/lib/print.h"
#include "user/random/ordered.h"
#include "user/random/pick.h"
#include "user/random/worker.h"

#define LIMIT 0x100000u    /* bytes for each task */
#define ROUND_CALLS 50000u /* after which all tasks end and begin anew, or when one has ended */
#define LOOK_US 20000u
#define ORDERED_CALLS 10000u
#define ORDERED_LOOK_US 50000u /* longer than any of its time-outs */
#define STILL_LOOKS 500u       /* without any call: they wait for each other for good */
#define CONDUCTOR_PRIO 29u
#define SLACK 48u /* pages: the kernel's object caches keep so many more or less */

/* ---- One that races: its mailbox counts, the first word of a pair each ---- */

static struct result call_ordered(struct random *random, struct message *message)
{
	struct result call = ordered_pick(random, message), answer = kernel_call(call);

	ordered_look(random, call, answer);
	return answer;
}

static struct result call_any(struct random *random, struct message *message)
{
	struct result call = pick_call(random);

	pick_message(random, message);
	return kernel_call(call);
}

void racer_run(u32 worker)
{
	volatile struct mailbox *mailbox = mailbox_of(worker);
	struct message *message = (struct message *)(uintptr_t)MESSAGE_AT(worker);
	struct random random = { mailbox->order + worker * 7919 + 1, worker, 0, 0, 0, 0 };

	while (!mailbox->stop) {
		struct result answer = mailbox->ordered ? call_ordered(&random, message)
							: call_any(&random, message);

		mailbox->pairs++;
		mailbox->busy += !answer.error;
	}
	for (;;)
		notify_wait(WORKER_IDLE + worker % THREADS_A_TASK, 1, TIMEOUT_NEVER);
}

/* ---- The conductor ---- */

struct counts {
	u32 calls, successes, rounds;
};
/* The calls' order is logged, and replayed on the host. */
static bool is_ordered;

static u32 free_pages(void)
{
	static struct info_system info;
	u32 sum = 0;

	sys_info(0, INFO_SYSTEM, 0, (u32)(uintptr_t)&info, sizeof(info));
	for (u32 i = 0; i < INFO_ZONES; i++)
		sum += info.zone[i].free + info.zone[i].cached;
	for (u32 i = 0; i < info.cpus; i++)
		sum += info.cpu[i].pgds + info.cpu[i].pmds + info.cpu[i].ptes +
		       info.cpu[i].stacks * INFO_STACK_PAGES;
	return sum;
}

struct all_tasks {
	u32 tasks, used; /* bytes */
};

static struct all_tasks all_tasks(void)
{
	static struct info_task list[32];
	struct all_tasks all = { 0, 0 };
	u32 from = 0, n;

	do {
		n = sys_info(SLOT_SYSTEM, INFO_TASKS, from, (u32)(uintptr_t)list, sizeof(list))
			    .word0 /
		    sizeof(list[0]);
		for (u32 i = 0; i < n; i++)
			all.used += list[i].used;
		all.tasks += n;
		from = n ? list[n - 1].number + 1 : 0;
	} while (n);
	return all;
}

static u32 cpus(void)
{
	static struct info_system info;

	sys_info(0, INFO_SYSTEM, 0, (u32)(uintptr_t)&info, sizeof(info));
	return info.cpus;
}

static u32 calls_made(void)
{
	u32 sum = 0;

	for (u32 i = 0; i < WORKERS; i++)
		sum += mailbox_of(i)->pairs;
	return sum;
}

static bool all_live(void)
{
	struct info_task info;

	for (u32 i = 0; i < TASKS; i++)
		if (sys_info(CONDUCTOR_TASKS + i, INFO_TASK, 0, (u32)(uintptr_t)&info, sizeof(info))
				.error)
			return false;
	return true;
}

/* One that is stopped goes on; one that has ended does not. */
static void start_all(void)
{
	for (u32 i = 0; i < WORKERS; i++)
		thread_ctl(CONDUCTOR_THREADS + i, 0, THREAD_START, 0, 0);
}

static void wait_for_round(u32 most)
{
	u32 last = 0, still = 0;

	while (all_live() && last < most && still < STILL_LOOKS) {
		u32 now;

		notify_wait(CONDUCTOR_SLEEP, 1, LOOK_US);
		start_all();
		now = calls_made();
		still = now == last ? still + 1 : 0;
		last = now;
	}
}

static bool waits_in_call(u32 worker)
{
	struct info_thread info = { 0 };

	sys_info(CONDUCTOR_THREADS + worker, INFO_THREAD, 0, (u32)(uintptr_t)&info, sizeof(info));
	return info.waiting && !info.stopped;
}

/* No thread makes calls any more: each waits, and none for the end of a time-out. */
static void wait_until_still(void)
{
	u32 last, now = calls_made(), waiting;

	for (u32 i = 0; i < WORKERS; i++)
		mailbox_of(i)->stop = 1;
	do {
		last = now;
		notify_wait(CONDUCTOR_SLEEP, 1, ORDERED_LOOK_US);
		start_all();
		waiting = 0;
		for (u32 i = 0; i < WORKERS; i++)
			waiting += waits_in_call(i);
		now = calls_made();
	} while ((now != last || waiting < WORKERS) && all_live());
}

/* The reaper may have tasks of the racers still when these are gone: as long as they get fewer. */
static void wait_for_reaper(void)
{
	u32 last, now = all_tasks().tasks;

	do {
		last = now;
		notify_wait(CONDUCTOR_SLEEP, 1, LOOK_US);
		now = all_tasks().tasks;
	} while (now != last);
}

/*
 * Pages that are free, or charged to somebody.  Racers leave tasks that have handles to each other,
 * or to themselves, and so never end.
 */
static u32 known_pages(void) { return free_pages() + all_tasks().used / PAGE; }

static u32 run_round(u32 seed, u32 cpu_count, struct counts *counts)
{
	static const u32 limits[2][TASKS] = { { LIMIT, LIMIT, LIMIT },
		{ ORDER_LIMIT, ORDER_LIMIT, ORDER_LIMIT } };
	u32 error = workers_prepare(limits[is_ordered], true, cpu_count);

	for (u32 i = 0; i < WORKERS && !error; i++) {
		mailbox_of(i)->order = seed + counts->rounds * 104729;
		mailbox_of(i)->ordered = is_ordered;
	}
	if (error)
		return error;
	start_all();
	wait_for_round(is_ordered ? ORDERED_CALLS : ROUND_CALLS);
	if (is_ordered)
		wait_until_still();
	workers_kill();
	counts->calls += calls_made();
	for (u32 i = 0; i < WORKERS; i++)
		counts->successes += mailbox_of(i)->busy;
	counts->rounds++;
	workers_forget();
	wait_for_reaper();
	return 0;
}

static u32 number(const char *text)
{
	u32 value = 0;

	for (; *text >= '0' && *text <= '9'; text++)
		value = value * 10 + (u32)(*text - '0');
	return value;
}

/* Half of the calls, then the other half: the pages known afterwards must be the same. */
int race(int argc, char **argv)
{
	u32 seed = number(argv[1]), count = argc > 2 ? number(argv[2]) : 100000;
	u32 cpu_count = cpus(), half = 0, end, error;
	struct counts counts = { 0, 0, 0 };

	is_ordered = argc > 3;
	thread_ctl(0, 0, THREAD_PRIO, CONDUCTOR_PRIO, 0);
	error = obj_create(0, CONDUCTOR_ENDED, KIND_NOTIFICATION, 0, 0, 0).error;
	if (!error)
		error = obj_create(0, CONDUCTOR_SLEEP, KIND_NOTIFICATION, 0, 0, 0).error;
	while (!error && counts.calls < count) {
		error = run_round(seed, cpu_count, &counts);
		if (!half && counts.calls >= count / 2)
			half = known_pages();
	}
	end = known_pages();
	printf("race: %u calls in %u rounds on %u CPUs, %u succeeded, known pages %u, then %u, "
	       "error %u\n",
		counts.calls, counts.rounds, cpu_count, counts.successes, half, end, error);
	return error || end + SLACK < half;
}
