/* Arguments that name files: see input.h. */
#include "user/lib/tool/input.h"

#include "lib/parse.h"
#include "lib/string.h"
#include "user/lib/c/unistd.h"
#include "user/lib/start.h"

#define STATUS_USAGE 2
#define NUMBER_MAX 0x7FFFFFFFu

/* An error of what was read is said here, of what is done with it by `run`. */
static bool run_one(FILE *file, const char *name, input_function *run)
{
	bool good = run(file, name);

	return ferror(file) ? file_error(name ? name : "stdin") : good;
}

static bool run_file(const char *name, input_function *run)
{
	FILE *file = fopen(name, "r");
	bool good;

	if (!file)
		return file_error(name);
	good = run_one(file, name, run);
	fclose(file);
	return good;
}

int input_each(int argc, char **argv, int first, input_function *run)
{
	bool good = true;

	if (first >= argc)
		good = run_one(stdin, NULL, run);
	for (int i = first; i < argc; i++)
		good &= strcmp(argv[i], "-") ? run_file(argv[i], run) : run_one(stdin, NULL, run);
	return !good;
}

bool file_error(const char *name)
{
	fprintf(stderr, "%s: %s: %s\n", program_name, name, strerror(errno));
	return false;
}

int argument_each(int argc, char **argv, int first, int (*run)(const char *name))
{
	bool good = true;

	for (int i = first; i < argc; i++)
		good &= !run(argv[i]) || file_error(argv[i]);
	return !good;
}

int usage(const char *text)
{
	fprintf(stderr, "usage: %s\n", text);
	return STATUS_USAGE;
}

int number_of(const char *word)
{
	const char *end;
	u32 value;

	if (*word < '0' || *word > '9')
		return -1;
	end = parse_u32(word, &value);
	return end && !*end && value <= NUMBER_MAX ? (int)value : -1;
}
