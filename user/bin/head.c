/* The first lines; -c: the first bytes. */
#include "user/lib/c/unistd.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"

static int count = 10;
static bool bytes;

static bool print(FILE *file, const char *name)
{
	int c;

	(void)name;
	for (int left = count; left > 0 && (c = fgetc(file)) != EOF;) {
		if (putchar(c) == EOF)
			return false;
		left -= bytes || c == '\n';
	}
	return true;
}

/* -5 is -n 5. */
int main(int argc, char **argv)
{
	if (argc > 1 && argv[1][0] == '-' && number_of(argv[1] + 1) >= 0) {
		count = number_of(argv[1] + 1);
		return input_each(argc, argv, 2, print);
	}
	for (int option; (option = getopt(argc, argv, "n:c:")) != -1;) {
		bytes = option == 'c';
		count = option != '?' ? number_of(optarg) : -1;
		if (count < 0)
			return usage("head [-n LINES | -c BYTES] [FILE...]");
	}
	return input_each(argc, argv, optind, print);
}
