/*
 * Lines in which a text stands, letter by letter; -v: in which it does not; -n: with numbers; -c:
 * only how many; -i: capital and small letters are the same.
 */
#include "lib/string.h"
#include "user/lib/c/unistd.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"

static const char *text;
static bool others, numbered, counted, named, any_case;
static u32 found;

static char folded(char c) { return any_case && c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c; }

static bool is_at(const char *at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (folded(at[i]) != folded(text[i]))
			return false;
	return true;
}

static bool is_in(const char *line, size_t length)
{
	size_t size = strlen(text);

	for (size_t i = 0; i + size <= length; i++)
		if (is_at(line + i, size))
			return true;
	return false;
}

static void print(const char *name, u32 number, const char *line, size_t length)
{
	if (named)
		printf("%s:", name ? name : "-");
	if (numbered)
		printf("%u:", number);
	fwrite(line, 1, length, stdout);
	putchar('\n');
}

static bool search(FILE *file, const char *name)
{
	u32 number = 0, here = 0;
	size_t length;
	char *line;

	while ((line = fgetline(file, &length))) {
		number++;
		if (is_in(line, length) == others)
			continue;
		here++;
		if (!counted)
			print(name, number, line, length);
	}
	found += here;
	if (counted)
		printf("%s%s%u\n", named && name ? name : "", named ? ":" : "", here);
	return true;
}

int main(int argc, char **argv)
{
	int option, bad;

	while ((option = getopt(argc, argv, "vnci")) != -1) {
		others |= option == 'v';
		numbered |= option == 'n';
		counted |= option == 'c';
		any_case |= option == 'i';
		if (option == '?')
			return usage("grep [-vnci] TEXT [FILE...]");
	}
	if (optind >= argc)
		return usage("grep [-vnci] TEXT [FILE...]");
	text = argv[optind++];
	named = argc - optind > 1;
	bad = input_each(argc, argv, optind, search);
	return bad ? 2 : !found;
}
