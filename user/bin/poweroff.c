/* Ends the machine. */
#include "user/lib/c/stdio.h"
#include "user/lib/posix/system.h"
#include "user/lib/protocol/root.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"

int main(int argc, char **argv)
{
	if (argc > 1)
		return usage("poweroff");
	system_power(POWER_OFF);
	perror(argv[0]);
	return 1;
}
