/* Takes the figures of one key and prints them. */
#include "lib/compiler.h"
#include "user/bench/bench.h"
#include "user/lib/calls.h"
#include "user/lib/print.h"

/* On all CPUs together. */
struct events {
	u32 ipis, full_flushes, invlpgs, cr3_loads, rounds;
};

u32 own_ticks;

u64 time_stamp(void)
{
	u64 v;
	__asm__ volatile("rdtsc" : "=A"(v));
	return v;
}

static struct events count_events(void)
{
	static struct info_system info;
	struct events sum = {};

	sys_info(0, INFO_SYSTEM, 0, (u32)(uintptr_t)&info, sizeof(info));
	for (u32 i = 0; i < info.cpus; i++) {
		sum.ipis += info.cpu[i].ipis;
		sum.full_flushes += info.cpu[i].full_flushes;
		sum.invlpgs += info.cpu[i].invlpgs;
		sum.cr3_loads += info.cpu[i].cr3_loads;
		sum.rounds += info.cpu[i].rounds;
	}
	return sum;
}

/* For each thousand operations. */
static u32 per_thousand(u32 before, u32 after, u32 operations)
{
	return (u32)((u64)(after - before) * 1000 / operations);
}

void measure(const char *tag, const struct key *key)
{
	struct events before, after;
	u32 done, n;
	u64 start, ticks;

	key->run(MIN(key->operations, 8u)); /* caches of the kernel are warm then */
	own_ticks = 0;
	before = count_events();
	start = time_stamp();
	done = key->run(key->operations);
	ticks = time_stamp() - start;
	if (own_ticks)
		ticks = own_ticks;
	own_ticks = 0;
	after = count_events();
	if (!done) {
		printf("INFO %s %s failed\n", tag, key->name);
		return;
	}
	n = done * key->unit;
	printf("BENCH %s %s %u %llu %u %llu ipis=%u full_flushes=%u invlpg=%u cr3_loads=%u rounds=%u\n",
		tag, key->name, n, ticks, n, ticks, per_thousand(before.ipis, after.ipis, n),
		per_thousand(before.full_flushes, after.full_flushes, n),
		per_thousand(before.invlpgs, after.invlpgs, n),
		per_thousand(before.cr3_loads, after.cr3_loads, n),
		per_thousand(before.rounds, after.rounds, n));
}
