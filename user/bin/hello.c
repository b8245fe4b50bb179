/* The smallest program. */
#include "user/lib/print.h"
#include "user/lib/start.h"

int main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	printf("Hello from user mode\n");
	return 0;
}
