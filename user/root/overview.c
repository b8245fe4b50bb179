/* CPUs, modules, programs: see overview.h. */
#include "user/root/overview.h"

#include "lib/string.h"
#include "user/lib/print.h"
#include "user/root/archive.h"
#include "user/root/start_page.h"

static void print_modules(void)
{
	for (u32 i = 0; i < start_page->modules && i < START_MODULES; i++)
		printf("root: module %u: '%s', %u bytes\n", i, start_page->module[i].name,
			start_page->module[i].size);
}

static void print_programs(void)
{
	struct tar_file file;
	struct tar tar;

	if (!archive_open(&tar)) {
		printf("root: no module is an archive of programs (user.tar)\n");
		return;
	}
	while (tar_next(&tar, &file))
		if (file.regular && strcmp(file.name, "root") != 0)
			printf("root: program %s, %u bytes\n", file.name, file.size);
	if (tar.fault)
		printf("root: the archive is damaged at byte %u: %s\n", tar.next, tar.fault);
}

void overview_print(void)
{
	printf("root: the first task, on %u CPUs, %u module%s\n", start_page->cpus,
		start_page->modules, start_page->modules == 1 ? "" : "s");
	print_modules();
	if (start_page->wall_clock)
		printf("root: booted %llu seconds after 1970 began\n", start_page->wall_clock);
	print_programs();
	printf("root: run=PROGRAM on the kernel's command line starts one of them\n");
}
