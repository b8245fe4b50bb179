/* How long the machine has run, and how busy it was. */
#include "user/lib/c/stdio.h"
#include "user/lib/c/time.h"
#include "user/lib/posix/system.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"

int main(int argc, char **argv)
{
	static struct info_system info;
	u32 seconds = (u32)(uptime_us() / 1000000), switches = 0;

	if (argc > 1)
		return usage("uptime");
	if (system_info(&info)) {
		perror(argv[0]);
		return 1;
	}
	for (u32 i = 0; i < info.cpus && i < INFO_CPUS; i++)
		switches += info.cpu[i].switches;
	printf("up %u:%02u:%02u, %u CPUs, %u switches between threads\n", seconds / 3600,
		seconds / 60 % 60, seconds % 60, info.cpus, switches);
	return 0;
}
