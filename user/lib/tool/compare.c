/* Files, texts, numbers: see compare.h. */
#include "user/lib/tool/compare.h"

#include "lib/compiler.h"
#include "lib/string.h"
#include "user/lib/c/stdlib.h"
#include "user/lib/c/sys_stat.h"
#include "user/lib/tool/input.h"

#define WRONG 2

static int test_file(char how, const char *path)
{
	struct stat found;
	bool there = !stat(path, &found);

	switch (how) {
	case 'e': return !there;
	case 'f': return !(there && !found.folder);
	case 'd': return !(there && found.folder);
	case 's': return !(there && found.st_size);
	case 'n': return !*path;
	case 'z': return *path;
	default: return WRONG;
	}
}

/* Of two numbers: bit 0 is set for less, 1 for equal, 2 for greater. */
static const struct {
	const char *name;
	u32 good;
} comparisons[] = { { "-lt", 1 }, { "-le", 3 }, { "-eq", 2 }, { "-ne", 5 }, { "-ge", 6 },
	{ "-gt", 4 } };

static int compare(const char *a, const char *how, const char *b)
{
	long x = strtol(a, NULL, 10), y = strtol(b, NULL, 10);
	u32 order = x < y ? 1 : x == y ? 2 : 4;

	if (!strcmp(how, "="))
		return strcmp(a, b) != 0;
	if (!strcmp(how, "!="))
		return strcmp(a, b) == 0;
	for (u32 i = 0; i < ARRAY_SIZE(comparisons); i++)
		if (!strcmp(how, comparisons[i].name))
			return !(comparisons[i].good & order);
	return WRONG;
}

static int test(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "!")) {
		int status = test(argc - 1, argv + 1);

		return status == WRONG ? WRONG : !status;
	}
	switch (argc) {
	case 1: return 1;
	case 2: return !*argv[1];
	case 3:
		return argv[1][0] == '-' && strlen(argv[1]) == 2 ? test_file(argv[1][1], argv[2])
								 : WRONG;
	case 4: return compare(argv[1], argv[2], argv[3]);
	default: return WRONG;
	}
}

int compare_arguments(int argc, char **argv)
{
	int status = test(argc, argv);

	return status == WRONG
		       ? usage("test [!] TEXT | -efdsnz TEXT | A =|!=|-lt|-le|-eq|-ne|-ge|-gt B")
		       : status;
}
