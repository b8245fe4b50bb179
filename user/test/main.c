/* The in-system tests. */
#include "user/lib/print.h"
#include "user/lib/start.h"

int main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return 0;
}
