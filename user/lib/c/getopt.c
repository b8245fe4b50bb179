/* Options before arguments, as POSIX.1-2017 has them: see unistd.h. */
#include "lib/string.h"
#include "user/lib/c/stdio.h"
#include "user/lib/c/unistd.h"

int optind = 1, optopt;
char *optarg;

static const char *letters = ""; /* of the word, those still to come */

/* -? asks how a program is used: no mistake that would have to be said. */
static int complain(const char *name, const char *what)
{
	if (optopt != '?')
		fprintf(stderr, "%s: %s -%c\n", name, what, optopt);
	return '?';
}

/* The rest of the word, or the next one. */
static int take_argument(int argc, char **argv)
{
	if (*letters)
		optarg = (char *)(uintptr_t)letters;
	else if (optind < argc)
		optarg = argv[optind++];
	else
		return complain(argv[0], "an argument is missing behind");
	letters = "";
	return optopt;
}

/* False: no options any more. */
static bool next_word(int argc, char **argv)
{
	if (optind >= argc || argv[optind][0] != '-' || !argv[optind][1])
		return false;
	letters = argv[optind++] + 1;
	return strcmp(letters, "-") != 0;
}

int getopt(int argc, char *const argv[], const char *known)
{
	const char *found;

	if (!*letters && !next_word(argc, (char **)(uintptr_t)argv))
		return -1;
	optopt = (unsigned char)*letters++;
	found = optopt == ':' ? NULL : strchr(known, optopt);
	if (!found)
		return complain(argv[0], "there is no option");
	return found[1] == ':' ? take_argument(argc, (char **)(uintptr_t)argv) : optopt;
}
