/* An empty screen. */
#include "user/lib/c/stdio.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return usage("clear");
	return fputs("\033[H\033[J", stdout);
}
