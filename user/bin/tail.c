/* The last lines; -n +LINE: those from that one on. */
#include "lib/string.h"
#include "user/lib/c/stdlib.h"
#include "user/lib/c/unistd.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"

static int lines = 10;
static bool from_start;

static bool print_rest(FILE *file, const char *name)
{
	int c, line = 1;

	(void)name;
	for (; (c = fgetc(file)) != EOF; line += c == '\n')
		if (line >= lines && putchar(c) == EOF)
			return false;
	return true;
}

/* The last ones so far go round in `kept`. */
static bool print(FILE *file, const char *name)
{
	char **kept = calloc((size_t)lines + 1, sizeof(*kept)), *line;
	u32 count = 0, room = (u32)lines, first;
	bool good = kept;

	(void)name;
	while (good && room && (line = fgetline(file, NULL))) {
		size_t size = strlen(line) + 1;
		char **place = &kept[count++ % room];

		free(*place);
		*place = malloc(size);
		good = *place && memcpy(*place, line, size);
	}
	first = count > room ? count - room : 0;
	for (; good && first < count; first++)
		puts(kept[first % room]);
	if (!good)
		fprintf(stderr, "tail: no memory\n");
	return good;
}

int main(int argc, char **argv)
{
	if (argc > 1 && argv[1][0] == '-' && number_of(argv[1] + 1) >= 0) {
		lines = number_of(argv[1] + 1);
		return input_each(argc, argv, 2, print);
	}
	for (int option; (option = getopt(argc, argv, "n:")) != -1;) {
		from_start = option == 'n' && optarg[0] == '+';
		lines = option == 'n' ? number_of(optarg + from_start) : -1;
		if (lines < 0)
			return usage("tail [-n LINES | -n +LINE] [FILE...]");
	}
	return input_each(argc, argv, optind, from_start ? print_rest : print);
}
