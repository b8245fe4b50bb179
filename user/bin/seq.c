/* Numbers, one in a line. */
#include "user/lib/start.h"
#include "user/lib/tool/input.h"

/* A number that may be below 0; false: it is none. */
static bool read_number(const char *word, int *number)
{
	bool below = *word == '-';
	int size = number_of(word + below);

	*number = below ? -size : size;
	return size >= 0;
}

int main(int argc, char **argv)
{
	int first = 1, step = 1, last;

	if (argc < 2 || argc > 4 || (argc > 2 && !read_number(argv[1], &first)) ||
		(argc > 3 && !read_number(argv[2], &step)) || !step ||
		!read_number(argv[argc - 1], &last))
		return usage("seq [FIRST [STEP]] LAST");
	for (long long i = first; step > 0 ? i <= last : i >= last; i += step)
		if (printf("%d\n", (int)i) < 0)
			return 1;
	return 0;
}
