/* Threads on every CPU for one test. */
#include "tests/kernel/crew.h"

#include "arch/x86/cpu/registers.h"
#include "arch/x86/smp/cpumask.h"
#include "kernel/sched/sched_stats.h"
#include "lib/format.h"
#include "tests/kernel/selftest.h"

static void member_entry(void *arg)
{
	struct crew_member *self = arg;

	self->work(self);
}

static bool add_member(struct crew *crew, u32 cpu, void (*work)(struct crew_member *), void *arg)
{
	struct crew_member *member = &crew->member[crew->n];
	char name[THREAD_NAME_SIZE];

	*member = (struct crew_member){ .index = crew->n, .cpu = cpu, .arg = arg, .work = work };
	snprintf(name, sizeof(name), "crew/%u.%u", cpu, crew->n);
	member->thread = thread_create(name, member_entry, member, cpu);
	if (!EXPECT(0, member->thread, "thread %u of a crew on CPU %u", crew->n, cpu))
		return false;
	crew->n++;
	return true;
}

bool crew_start_on(
	struct crew *crew, u32 mask, u32 each, void (*work)(struct crew_member *), void *arg)
{
	crew->n = 0;
	for (u32 round = 0; round < each; round++)
		for_each_cpu(cpu, mask)
			if (crew->n < CREW_MAX && !add_member(crew, cpu, work, arg))
				return false;
	return true;
}

bool crew_start(struct crew *crew, u32 each, void (*work)(struct crew_member *), void *arg)
{
	return crew_start_on(crew, cpus_online(), each, work, arg);
}

void crew_join(struct crew *crew)
{
	for (u32 i = 0; i < crew->n; i++)
		thread_join(crew->member[i].thread);
}

void crew_pause(void)
{
	cpu_relax();
	yield();
}

u32 crew_ticks(void) { return this_cpu(sched_stats)->ticks; }

void barrier_wait(struct barrier *b, u32 n)
{
	u32 turn = atomic_read(&b->turn);

	if (atomic_fetch_add(&b->arrived, 1) + 1 == n) {
		atomic_set(&b->arrived, 0);
		atomic_inc(&b->turn);
		return;
	}
	while (atomic_read(&b->turn) == turn)
		crew_pause();
}
