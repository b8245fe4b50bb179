/* The same line until nobody reads it. */
#include "user/lib/start.h"
#include "user/lib/tool/input.h"

int main(int argc, char **argv)
{
	const char *line = argc > 1 ? argv[1] : "y";

	while (puts(line) != EOF)
		continue;
	return 1;
}
