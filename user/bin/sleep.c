/* Waits so many seconds. */
#include "user/lib/c/unistd.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"

int main(int argc, char **argv)
{
	int seconds = argc == 2 ? number_of(argv[1]) : -1;

	if (seconds < 0)
		return usage("sleep SECONDS");
	return sleep((unsigned)seconds) ? 1 : 0;
}
