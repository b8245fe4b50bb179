/* Runs a program, and says how long that took. */
#include "user/lib/c/time.h"
#include "user/lib/c/stdio.h"
#include "user/lib/c/sys_wait.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"

#define STATUS_NOT_FOUND 127

int main(int argc, char **argv)
{
	u64 begin = uptime_us();
	u32 took;
	pid_t pid;
	int status = 1;

	if (argc < 2 || argv[1][0] == '-')
		return usage("time PROGRAM [ARGUMENT...]");
	pid = spawnvp(argv[1], argv + 1);
	if (pid < 0) {
		file_error(argv[1]);
		return STATUS_NOT_FOUND;
	}
	waitpid(pid, &status, 0);
	took = (u32)(uptime_us() - begin);
	fprintf(stderr, "%u.%06u seconds\n", took / 1000000, took % 1000000);
	return status;
}
