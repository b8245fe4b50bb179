/* The machine at a glance, anew each second, until q or Ctrl-C. */
#include "user/lib/c/stdio.h"
#include "user/lib/c/stdlib.h"
#include "user/lib/posix/system.h"
#include "user/lib/posix/terminal.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"

#define SECOND 1000000u
#define LINES_ABOVE 6u
#define CPUS_SHOWN 4u
#define KIB_PER_PAGE 4u
#define END "\033[K\n"

static struct info_system before, now;
static struct proc_entry list[PROCESSES_MAX];

static void print_machine(void)
{
	u32 seconds = (u32)(now.microseconds / SECOND), unused = 0, all = 0;

	for (u32 i = 0; i < INFO_ZONES; i++) {
		all += now.zone[i].managed;
		unused += now.zone[i].free + now.zone[i].cached;
	}
	printf("up %u:%02u:%02u, %u CPUs   memory %u KiB, %u free   q ends" END, seconds / 3600,
		seconds / 60 % 60, seconds % 60, now.cpus, all * KIB_PER_PAGE,
		unused * KIB_PER_PAGE);
}

static void print_cpus(void)
{
	for (u32 i = 0; i < now.cpus && i < CPUS_SHOWN; i++)
		printf("CPU %u: %u switches, %u ticks, %u IPIs, %u flushes" END, i,
			now.cpu[i].switches - before.cpu[i].switches,
			now.cpu[i].ticks - before.cpu[i].ticks,
			now.cpu[i].ipis - before.cpu[i].ipis,
			now.cpu[i].full_flushes - before.cpu[i].full_flushes);
}

static void print_pkmap(void)
{
	printf("PKMap: %u of %u slots, %u maps, %u flushes" END, now.pkmap.in_use, now.pkmap.slots,
		now.pkmap.maps - before.pkmap.maps, now.pkmap.flushes - before.pkmap.flushes);
}

/* The largest first. */
static int by_memory(const void *a, const void *b)
{
	u32 first = ((const struct proc_entry *)a)->used;
	u32 second = ((const struct proc_entry *)b)->used;

	return first == second ? 0 : first > second ? -1 : 1;
}

static void print_processes(u32 rows)
{
	static const char *const states[] = { "runs", "waits", "ended" };
	int count = process_list(list);

	printf("  PID  STATE      KIB  NAME" END);
	if (count < 0)
		return;
	qsort(list, (u32)count, sizeof(list[0]), by_memory);
	for (u32 i = 0; i < (u32)count && i < rows; i++)
		printf("%5u  %-6s %7u  %s" END, list[i].pid,
			list[i].server ? "server" : states[list[i].state % 3], list[i].used >> 10,
			list[i].name);
}

/* False: nobody reads it any more. */
static bool print(void)
{
	u32 columns, rows, shown = (now.cpus < CPUS_SHOWN ? now.cpus : CPUS_SHOWN) + LINES_ABOVE;

	terminal_size(&columns, &rows);
	printf("\033[H");
	print_machine();
	print_cpus();
	print_pkmap();
	print_processes(rows > shown ? rows - shown : 1);
	printf("\033[J");
	return !fflush(stdout);
}

/* Whether to go on. */
static bool wait(void)
{
	int key = terminal_key(SECOND);

	return key == KEY_NONE || (key >= 0 && key != 'q' && key != 'Q');
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return usage("top");
	if (system_info(&now)) {
		perror(argv[0]);
		return 1;
	}
	terminal_set_raw(true);
	printf("\033[2J");
	do {
		before = now;
		system_info(&now);
	} while (print() && wait());
	terminal_set_raw(false);
	return 0;
}
