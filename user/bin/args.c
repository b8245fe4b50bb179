/* Prints its arguments; its status is their number. */
#include "user/lib/print.h"
#include "user/lib/start.h"

int main(int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		printf("args: %d '%s'\n", i, argv[i]);
	return argc;
}
