/*
 * Lines in order; -r: the other way; -n: by the number at their beginning; -u: what is there twice
 * only once.
 */
#include "lib/string.h"
#include "user/lib/c/stdlib.h"
#include "user/lib/c/unistd.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"

#define LEAST_LINES 256u

static char **lines;
static u32 count, room;
static bool backward, by_number, once;

static bool have_room(void)
{
	char **more;

	if (count < room)
		return true;
	room = room ? 2 * room : LEAST_LINES;
	more = realloc(lines, room * sizeof(*lines));
	if (more)
		lines = more;
	return more;
}

static bool take(FILE *file, const char *name)
{
	size_t length;
	char *line;

	(void)name;
	while ((line = fgetline(file, &length))) {
		char *copy = have_room() ? malloc(length + 1) : NULL;

		if (!copy) {
			fprintf(stderr, "sort: no memory\n");
			return false;
		}
		lines[count++] = memcpy(copy, line, length + 1);
	}
	return true;
}

/* Lines with the same number in the order of their bytes. */
static int compare(const void *a, const void *b)
{
	const char *first = *(char *const *)a, *second = *(char *const *)b;
	long x = by_number ? strtol(first, NULL, 10) : 0,
	     y = by_number ? strtol(second, NULL, 10) : 0;
	int order = x == y ? strcmp(first, second) : x < y ? -1 : 1;

	return backward ? -order : order;
}

int main(int argc, char **argv)
{
	int option, bad;

	while ((option = getopt(argc, argv, "rnu")) != -1) {
		backward |= option == 'r';
		by_number |= option == 'n';
		once |= option == 'u';
		if (option == '?')
			return usage("sort [-rnu] [FILE...]");
	}
	bad = input_each(argc, argv, optind, take);
	qsort(lines, count, sizeof(*lines), compare);
	for (u32 i = 0; i < count; i++)
		if (!once || !i || strcmp(lines[i - 1], lines[i]) != 0)
			puts(lines[i]);
	return bad;
}
