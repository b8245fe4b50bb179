/* The first lines. */
#include "user/lib/c/unistd.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"

static int lines = 10;

static bool print(FILE *file, const char *name)
{
	int c;

	(void)name;
	for (int left = lines; left > 0 && (c = fgetc(file)) != EOF;) {
		if (putchar(c) == EOF)
			return false;
		left -= c == '\n';
	}
	return true;
}

/* -5 is -n 5. */
int main(int argc, char **argv)
{
	if (argc > 1 && argv[1][0] == '-' && number_of(argv[1] + 1) >= 0) {
		lines = number_of(argv[1] + 1);
		return input_each(argc, argv, 2, print);
	}
	for (int option; (option = getopt(argc, argv, "n:")) != -1;) {
		lines = option == 'n' ? number_of(optarg) : -1;
		if (lines < 0)
			return usage("head [-n LINES] [FILE...]");
	}
	return input_each(argc, argv, optind, print);
}
