/*
 * Where the pages of a process are: ranges of the same rights.  Data that fork shares are named
 * constants until they are written to: they cannot be told apart from outside.
 */
#include "user/lib/c/stdio.h"
#include "user/lib/c/unistd.h"
#include "user/lib/layout.h"
#include "user/lib/posix/system.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"

#define PROGRAM 0x08048000u /* user/program.ld */

struct range {
	u32 start, end, prot;
	u32 owned, shared; /* pages */
};

static struct {
	u32 kib, owned, shared;
} all;

static const char *name_of(const struct range *range)
{
	if (range->start >= STACK_BOTTOM)
		return "stack";
	if (range->start >= THREADS_START)
		return "areas of threads";
	if (range->start < PROGRAM)
		return range->start >= STARTUP ? "start-up object" : "message page";
	if (range->prot & PROT_WRITE)
		return "data and heap";
	return range->prot & PROT_EXEC ? "text" : "constants";
}

static void print(const struct range *range)
{
	if (range->start == range->end)
		return;
	printf("%08x-%08x %c%c%c %6u KiB %5u own %5u shared  %s\n", range->start, range->end - 1,
		range->prot & PROT_READ ? 'r' : '-', range->prot & PROT_WRITE ? 'w' : '-',
		range->prot & PROT_EXEC ? 'x' : '-', (range->end - range->start) >> 10,
		range->owned, range->shared, name_of(range));
	all.kib += (range->end - range->start) >> 10;
	all.owned += range->owned;
	all.shared += range->shared;
}

static void add(struct range *range, const struct info_map *map)
{
	u32 address = map->address & ~(PAGE - 1), prot = map->prot & PROT_MASK;

	if (address != range->end || prot != range->prot) {
		print(range);
		*range = (struct range){ .start = address, .end = address, .prot = prot };
	}
	range->end += PAGE;
	range->owned += map->owned;
	range->shared += map->mappings > 1;
}

static int print_maps(u32 pid)
{
	static struct info_map maps[PROC_MAPS_MAX];
	struct range range = { 0 };
	u32 from = 0;
	int count;

	while ((count = process_maps(pid, from, maps, PROC_MAPS_MAX)) > 0) {
		for (int i = 0; i < count; i++)
			add(&range, &maps[i]);
		from = (maps[count - 1].address & ~(PAGE - 1)) + PAGE;
	}
	print(&range);
	printf("%-21s %6u KiB %5u own %5u shared\n", "all", all.kib, all.owned, all.shared);
	return count;
}

int main(int argc, char **argv)
{
	int pid = argc > 1 ? number_of(argv[1]) : getpid();

	if (argc > 2 || pid < 0)
		return usage("pmap [PID]");
	if (!print_maps((u32)pid))
		return 0;
	file_error(argc > 1 ? argv[1] : "its own pages");
	return 1;
}
