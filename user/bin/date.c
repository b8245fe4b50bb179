/* The date and the time, UTC; without a clock in the machine they count from 1970 on. */
#include "user/lib/c/stdio.h"
#include "user/lib/c/time.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"

int main(int argc, char **argv)
{
	u32 now = time_now();
	struct tm tm;

	(void)argv;
	if (argc > 1)
		return usage("date");
	gmtime_r(&now, &tm);
	printf("%d-%02d-%02d %02d:%02d:%02d UTC\n", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
		tm.tm_hour, tm.tm_min, tm.tm_sec);
	return 0;
}
