/*
 * What the memory core does: free pages by zone, quicklists, PKMap, flushes, interrupts by CPU.
 * `vmstat SECONDS` goes on, with what happened in each interval, until q or Ctrl-C.
 */
#include "user/lib/c/stdio.h"
#include "user/lib/posix/system.h"
#include "user/lib/posix/terminal.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"

#define SECOND 1000000u
#define LINES 20u /* of figures between two headings */

static struct info_system before, now;

struct sums {
	u32 switches, ticks, ipis, rounds, full, single, tables, stacks;
};

static void print_details(void)
{
	printf("PKMap: %u slots, %u in use; %u maps (%u new, %u revived), %u flushes, %u sleeps\n\n",
		now.pkmap.slots, now.pkmap.in_use, now.pkmap.maps, now.pkmap.new_maps,
		now.pkmap.revivals, now.pkmap.flushes, now.pkmap.sleeps);
	printf("CPU switches   ticks   halts    ipis  rounds    full  invlpg     cr3 "
	       "pgds pmds ptes stacks\n");
	for (u32 i = 0; i < now.cpus && i < INFO_CPUS; i++)
		printf("%3u %8u %7u %7u %7u %7u %7u %7u %7u %4u %4u %4u %6u\n", i,
			now.cpu[i].switches, now.cpu[i].ticks, now.cpu[i].halts, now.cpu[i].ipis,
			now.cpu[i].rounds, now.cpu[i].full_flushes, now.cpu[i].invlpgs,
			now.cpu[i].cr3_loads, now.cpu[i].pgds, now.cpu[i].pmds, now.cpu[i].ptes,
			now.cpu[i].stacks);
}

static void add_up(const struct info_system *info, struct sums *sums)
{
	*sums = (struct sums){ 0 };
	for (u32 i = 0; i < info->cpus && i < INFO_CPUS; i++) {
		sums->switches += info->cpu[i].switches;
		sums->ticks += info->cpu[i].ticks;
		sums->ipis += info->cpu[i].ipis;
		sums->rounds += info->cpu[i].rounds;
		sums->full += info->cpu[i].full_flushes;
		sums->single += info->cpu[i].invlpgs;
		sums->tables += info->cpu[i].pgds + info->cpu[i].pmds + info->cpu[i].ptes;
		sums->stacks += info->cpu[i].stacks;
	}
}

static void print_heading(void)
{
	printf("------ free KiB by zone ------ ready - -- PKMap --- ---------- in the interval "
	       "-----------\n"
	       "    DMA    NORMAL   HIGHMEM tables used  maps flush  switch  ticks   ipis rounds  "
	       "full invlpg\n");
}

static u32 free_kib(u32 zone) { return (now.zone[zone].free + now.zone[zone].cached) * 4; }

static void print_interval(void)
{
	struct sums old, new;

	add_up(&before, &old);
	add_up(&now, &new);
	printf("%7u %9u %9u %6u %4u %5u %5u %7u %6u %6u %6u %5u %6u\n", free_kib(0), free_kib(1),
		free_kib(2), new.tables, now.pkmap.in_use, now.pkmap.maps - before.pkmap.maps,
		now.pkmap.flushes - before.pkmap.flushes, new.switches - old.switches,
		new.ticks - old.ticks, new.ipis - old.ipis, new.rounds - old.rounds,
		new.full - old.full, new.single - old.single);
}

/* Whether to go on. */
static bool wait(u32 seconds)
{
	int key = terminal_key(seconds * SECOND);

	return key == KEY_NONE || (key >= 0 && key != 'q' && key != 'Q');
}

static void go_on(u32 seconds)
{
	before = now;
	terminal_set_raw(true);
	for (u32 line = 0; line == 0 || wait(seconds); line++) {
		if (line % LINES == 0)
			print_heading();
		system_info(&now);
		print_interval();
		before = now;
	}
	terminal_set_raw(false);
}

int main(int argc, char **argv)
{
	int seconds = argc > 1 ? number_of(argv[1]) : 0;

	if (argc > 2 || seconds < 0 || seconds > 3600 || (argc > 1 && !seconds))
		return usage("vmstat [SECONDS]");
	if (system_info(&now)) {
		perror(argv[0]);
		return 1;
	}
	if (seconds) {
		go_on((u32)seconds);
		return 0;
	}
	print_heading();
	print_interval();
	printf("\n");
	print_details();
	return 0;
}
