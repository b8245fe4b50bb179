/* Its arguments, and the end of a line; -n: without. */
#include "lib/string.h"
#include "user/lib/c/stdio.h"
#include "user/lib/start.h"

int main(int argc, char **argv)
{
	bool end = argc < 2 || strcmp(argv[1], "-n") != 0;

	for (int i = end ? 1 : 2; i < argc; i++)
		printf("%s%s", argv[i], i + 1 < argc ? " " : "");
	return end && putchar('\n') == EOF;
}
