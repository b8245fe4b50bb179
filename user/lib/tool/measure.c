/* Ticks and events of an operation: see measure.h. */
#include "user/lib/tool/measure.h"

#include "lib/compiler.h"
#include "lib/string.h"
#include "user/lib/calls.h"
#include "user/lib/print.h"

static u32 own_ticks; /* 0: everything counts */

u64 time_stamp(void)
{
	u64 v;
	__asm__ volatile("rdtsc" : "=A"(v));
	return v;
}

void measured_ticks(u32 ticks) { own_ticks = ticks; }

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

static struct events events_since(const struct events *before)
{
	struct events now = count_events();

	now.ipis -= before->ipis;
	now.full_flushes -= before->full_flushes;
	now.invlpgs -= before->invlpgs;
	now.cr3_loads -= before->cr3_loads;
	now.rounds -= before->rounds;
	return now;
}

bool key_is_wanted(const struct key *key, char *const *words)
{
	for (u32 i = 0; words[i]; i++)
		if (!strncmp(key->name, words[i], strlen(words[i])))
			return true;
	return !words[0];
}

struct figure measure(const struct key *key)
{
	struct figure figure;
	struct events before;
	u64 start;

	key->run(MIN(key->operations, 8u)); /* caches of kernel and servers are warm then */
	own_ticks = 0;
	before = count_events();
	start = time_stamp();
	figure.operations = key->run(key->operations) * key->unit;
	figure.ticks = time_stamp() - start;
	if (own_ticks)
		figure.ticks = own_ticks;
	figure.events = events_since(&before);
	return figure;
}

static u32 per_thousand(u32 events, u32 operations)
{
	return (u32)((u64)events * 1000 / operations);
}

void figure_print(const char *tag, const struct key *key, const struct figure *figure)
{
	const struct events *events = &figure->events;
	u32 n = figure->operations;

	if (!n) {
		printf("INFO %s %s failed\n", tag, key->name);
		return;
	}
	printf("BENCH %s %s %u %llu %u %llu ipis=%u full_flushes=%u invlpg=%u cr3_loads=%u rounds=%u\n",
		tag, key->name, n, figure->ticks, n, figure->ticks, per_thousand(events->ipis, n),
		per_thousand(events->full_flushes, n), per_thousand(events->invlpgs, n),
		per_thousand(events->cr3_loads, n), per_thousand(events->rounds, n));
}
