/* See rest.h. */
#include "user/lib/tool/rest.h"

#include "user/lib/c/stdlib.h"
#include "user/lib/c/sys_wait.h"
#include "user/lib/c/unistd.h"
#include "user/lib/calls.h"
#include "user/lib/layout.h"
#include "user/lib/posix/system.h"
#include "user/lib/protocol/protocol.h"

#define CACHES 64u

u32 zone_free_pages(const struct info_system *info, u32 zone)
{
	return info->zone[zone].free + info->zone[zone].cached;
}

u32 ready_tables(const struct info_system *info)
{
	u32 tables = 0;

	for (u32 i = 0; i < info->cpus && i < INFO_CPUS; i++)
		tables += info->cpu[i].pgds + info->cpu[i].pmds + info->cpu[i].ptes;
	return tables;
}

static u32 ready_stacks(const struct info_system *info)
{
	u32 stacks = 0;

	for (u32 i = 0; i < info->cpus && i < INFO_CPUS; i++)
		stacks += info->cpu[i].stacks;
	return stacks;
}

struct use count_use(struct info_system *info)
{
	static struct info_cache caches[CACHES];
	u32 bytes = sys_info(0, INFO_CACHES, 0, (u32)(uintptr_t)caches, sizeof(caches)).word0;
	struct use use = { 0 };

	system_info(info);
	for (u32 i = 0; i < INFO_ZONES; i++)
		use.pages += info->zone[i].managed - zone_free_pages(info, i);
	use.pages -= ready_tables(info) + ready_stacks(info) * INFO_STACK_PAGES;
	use.objects -= ready_stacks(info);
	for (u32 i = 0; i < bytes / sizeof(caches[0]); i++) {
		use.pages -= caches[i].pages;
		use.objects += caches[i].in_use;
	}
	return use;
}

void use_all_pids(void)
{
	for (u32 i = 0; i < PIDS; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
}
