/* An empty screen. */
#include "user/lib/c/stdio.h"
#include "user/lib/start.h"

int main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return fputs("\033[H\033[J", stdout);
}
