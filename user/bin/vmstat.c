/*
 * What the memory core does: free pages by zone, quicklists, PKMap, flushes, interrupts by CPU.
 * `vmstat SECONDS` goes on, with what happened in each interval, until q or Ctrl-C, or until it has
 * shown COUNT of them.
 */
#include "lib/string.h"
#include "user/lib/c/stdio.h"
#include "user/lib/posix/system.h"
#include "user/lib/posix/terminal.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"

#define SECOND 1000000u
#define LINES 20u /* of figures between two headings */
#define USAGE                                                                                      \
	"vmstat [SECONDS [COUNT]]\n"                                                               \
	"Free KiB by zone; page tables kept ready; PKMap: slots in use, maps, flushes.\n"          \
	"Then switches, ticks, IPIs, rounds of them, TLB flushes: full, single."

/* A heading is as wide as its column.  The screen has 80. */
static const char *const interval_columns[] = { "  DMA", "NORMAL", "HIGHMEM", "table", "used",
	" maps", "flush", "switch", "ticks", "ipis", "round", "full", "invlpg" };
static const char *const cpu_columns[] = { "CPU", " switch", " ticks", " halts", " ipis", " round",
	" full", "invlpg", "  cr3", "pgds", "pmds", "ptes", "stacks" };

static struct info_system before, now;

struct sums {
	u32 switches, ticks, ipis, rounds, full, single, tables;
};

static void print_names(const char *const *columns, u32 count)
{
	for (u32 i = 0; i < count; i++)
		printf("%s%s", columns[i], i + 1 < count ? " " : "\n");
}

/* What is too long is shown in thousands or millions. */
static void print_figure(u32 value, u32 width)
{
	const char *unit = "";
	char text[16];

	for (const char *next = "kMG";
		snprintf(text, sizeof(text), "%u%.1s", value, unit) > (int)width; unit = next++)
		value /= 1000;
	printf("%*s", (int)width, text);
}

static void print_figures(const char *const *columns, const u32 *values, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		print_figure(values[i], (u32)strlen(columns[i]));
		printf(i + 1 < count ? " " : "\n");
	}
}

static void print_cpu(u32 i)
{
	const u32 values[] = { i, now.cpu[i].switches, now.cpu[i].ticks, now.cpu[i].halts,
		now.cpu[i].ipis, now.cpu[i].rounds, now.cpu[i].full_flushes, now.cpu[i].invlpgs,
		now.cpu[i].cr3_loads, now.cpu[i].pgds, now.cpu[i].pmds, now.cpu[i].ptes,
		now.cpu[i].stacks };

	print_figures(cpu_columns, values, ARRAY_SIZE(values));
}

static void print_details(void)
{
	printf("PKMap: %u slots, %u in use; %u maps, %u of them new, %u revived;\n"
	       "       %u flushes, %u sleeps\n\n",
		now.pkmap.slots, now.pkmap.in_use, now.pkmap.maps, now.pkmap.new_maps,
		now.pkmap.revivals, now.pkmap.flushes, now.pkmap.sleeps);
	print_names(cpu_columns, ARRAY_SIZE(cpu_columns));
	for (u32 i = 0; i < now.cpus && i < INFO_CPUS; i++)
		print_cpu(i);
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
	}
}

static void print_heading(void)
{
	printf("--- free KiB ------- ready ---- PKMap ----- "
	       "---------- in the interval --------\n");
	print_names(interval_columns, ARRAY_SIZE(interval_columns));
}

static u32 free_kib(u32 zone) { return (now.zone[zone].free + now.zone[zone].cached) * 4; }

/* False: nobody reads it any more. */
static bool print_interval(void)
{
	struct sums old, new;

	add_up(&before, &old);
	add_up(&now, &new);
	print_figures(interval_columns,
		(const u32[]){ free_kib(0), free_kib(1), free_kib(2), new.tables, now.pkmap.in_use,
			now.pkmap.maps - before.pkmap.maps,
			now.pkmap.flushes - before.pkmap.flushes, new.switches - old.switches,
			new.ticks - old.ticks, new.ipis - old.ipis, new.rounds - old.rounds,
			new.full - old.full, new.single - old.single },
		ARRAY_SIZE(interval_columns));
	return !fflush(stdout);
}

/* Whether to go on. */
static bool wait(u32 seconds)
{
	int key = terminal_key(seconds * SECOND);

	return key == KEY_NONE || (key >= 0 && key != 'q' && key != 'Q');
}

/* 0 lines: without end. */
static int go_on(u32 seconds, u32 lines)
{
	bool good = true;

	before = now;
	terminal_set_raw(true);
	for (u32 line = 0; good && (line == 0 || (line != lines && wait(seconds))); line++) {
		if (line % LINES == 0)
			print_heading();
		system_info(&now);
		good = print_interval();
		before = now;
	}
	terminal_set_raw(false);
	return !good;
}

int main(int argc, char **argv)
{
	int seconds = argc > 1 ? number_of(argv[1]) : 0, lines = argc > 2 ? number_of(argv[2]) : 0;

	if (argc > 3 || seconds < 0 || seconds > 3600 || (argc > 1 && !seconds) || lines < 0 ||
		(argc > 2 && !lines))
		return usage(USAGE);
	if (system_info(&now)) {
		perror(argv[0]);
		return 1;
	}
	if (seconds)
		return go_on((u32)seconds, (u32)lines);
	print_heading();
	print_interval();
	printf("\n");
	print_details();
	return 0;
}
