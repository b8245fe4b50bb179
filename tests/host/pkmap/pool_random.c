/* Random steps on the pool and its model: see pool.h. */
#include "pool.h"

#include "arch/x86/smp/cpumask.h"

#define MANY 24u

static u32 used[PKMAP_SLOTS_MAX + MANY], n_used; /* pages, once for each use */

/* A CPU that is not idle, or is so no more. */
static void change_cpu(u32 kinds)
{
	u32 cpu = random_below(cpu_online_count());

	if (pool_is_idle(cpu)) {
		if (!one_in(8))
			return;
		pool_wake(cpu);
	}
	run_on(cpu);
	if (!(kinds & POOL_CPUS))
		return;
	if (one_in(40))
		pool_load_cr3();
	else if (one_in(200))
		pool_flush_all_here();
	else if (cpu && one_in(10)) {
		run_on(0);
		pool_idle(cpu);
	}
}

static void add(u32 i)
{
	used[n_used++] = i;
	pool_read(i);
}

static void map_some(u32 kinds)
{
	u32 which[MANY],
		i = n_used && one_in(4) ? used[random_below(n_used)] : random_below(pool_pages);

	if ((kinds & POOL_MANY) && one_in(6)) {
		u32 n = pool_pick(which, MANY);

		if (!pool_has_room(which, n))
			return;
		pool_map_many(which, n);
		while (n)
			add(which[--n]);
	} else if ((kinds & POOL_TRY) && one_in(3)) {
		if (pool_try(i))
			add(i);
	} else if (pool_has_room(&i, 1)) {
		pool_map(i);
		add(i);
	}
}

static void unmap_some(u32 kinds)
{
	u32 n = random_below(n_used), last = 1 + random_below(MIN(n_used, MANY));

	if ((kinds & POOL_MANY) && one_in(8)) {
		pool_unmap_many(used + n_used - last, last);
		n_used -= last;
		return;
	}
	pool_read(used[n]);
	pool_unmap(used[n]);
	used[n] = used[--n_used];
}

static void free_some(void)
{
	u32 i = random_below(pool_pages);

	if (slot_of[i] == NO_SLOT || slot_count[slot_of[i]] == 1)
		pool_free(i);
}

static void random_step(u32 most, u32 kinds)
{
	u32 filling = (test_step / 3000) % 2 ? 4 : 6;

	change_cpu(kinds);
	if ((kinds & POOL_FREE) && one_in(12))
		free_some();
	else if (n_used < most && random_below(10) < filling)
		map_some(kinds);
	else if (n_used)
		unmap_some(kinds);
	if (n_used)
		pool_read(used[random_below(n_used)]);
}

void pool_random(u32 steps, u32 most, u32 kinds)
{
	n_used = 0;
	for (test_step = 1; test_step <= steps; test_step++) {
		random_step(most, kinds);
		if (test_step % 100 == 0)
			pool_compare();
	}
	while (n_used)
		pool_unmap(used[--n_used]);
	for (u32 cpu = 0; cpu < cpu_online_count(); cpu++)
		if (pool_is_idle(cpu))
			pool_wake(cpu);
	pool_compare();
}
