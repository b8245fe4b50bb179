/* Memory: zones with their buddy blocks by order, the kernel's objects, this task's quota. */
#include "user/lib/c/stdio.h"
#include "user/lib/calls.h"
#include "user/lib/posix/system.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"

#define KIB_PER_PAGE 4u
#define CACHES 64u

static const char *const names[INFO_ZONES] = { "DMA", "NORMAL", "HIGHMEM" };

static void print_zones(const struct info_system *info)
{
	u32 managed = 0, free = 0;

	printf("%-8s %10s %10s %10s %12s\n", "zone", "KiB", "free", "used", "CPUs' lists");
	for (u32 i = 0; i < INFO_ZONES; i++) {
		u32 unused = info->zone[i].free + info->zone[i].cached;

		printf("%-8s %10u %10u %10u %12u\n", names[i], info->zone[i].managed * KIB_PER_PAGE,
			info->zone[i].free * KIB_PER_PAGE,
			(info->zone[i].managed - unused) * KIB_PER_PAGE,
			info->zone[i].cached * KIB_PER_PAGE);
		managed += info->zone[i].managed;
		free += unused;
	}
	printf("%-8s %10u %10u %10u\n", "all", managed * KIB_PER_PAGE, free * KIB_PER_PAGE,
		(managed - free) * KIB_PER_PAGE);
}

static void print_orders(const struct info_system *info)
{
	printf("\nfree by KiB");
	for (u32 order = 0; order < INFO_ORDERS; order++)
		printf(" %5u", KIB_PER_PAGE << order);
	printf("\n");
	for (u32 i = 0; i < INFO_ZONES; i++) {
		printf("%-11s", names[i]);
		for (u32 order = 0; order < INFO_ORDERS; order++)
			printf(" %5u", info->zone[i].blocks[order]);
		printf("\n");
	}
}

static void print_objects(void)
{
	static struct info_cache caches[CACHES];
	struct result result = sys_info(0, INFO_CACHES, 0, (u32)(uintptr_t)caches, sizeof(caches));
	u32 count = result.error ? 0 : result.word0 / sizeof(caches[0]);

	printf("\n%-16s %6s %8s %8s\n", "kernel's objects", "bytes", "in use", "pages");
	for (u32 i = 0; i < count; i++)
		if (caches[i].pages)
			printf("%-16s %6u %8u %8u\n", caches[i].name, caches[i].size,
				caches[i].in_use, caches[i].pages);
}

static void print_quota(void)
{
	struct info_task task;

	if (sys_info(0, INFO_TASK, 0, (u32)(uintptr_t)&task, sizeof(task)).error)
		return;
	printf("\nquota of a program: %u KiB; this one uses %u: %u pages, %u page tables\n",
		task.limit >> 10, task.used >> 10, task.pages, task.tables);
}

int main(int argc, char **argv)
{
	static struct info_system info;

	if (argc > 1)
		return usage("free");
	if (system_info(&info)) {
		perror(argv[0]);
		return 1;
	}
	print_zones(&info);
	print_orders(&info);
	print_objects();
	print_quota();
	return 0;
}
