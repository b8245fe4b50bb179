/* Several into one folder, or one to one: see target.h. */
#include "user/lib/tool/target.h"

#include "lib/string.h"
#include "user/lib/c/sys_stat.h"
#include "user/lib/c/unistd.h"
#include "user/lib/tool/input.h"

static const char *last_name(const char *path)
{
	const char *name = path;

	for (; *path; path++)
		if (path[0] == '/' && path[1])
			name = path + 1;
	return name;
}

/* In a folder a file keeps its name. */
static int run_into(const char *from, const char *to, bool folder, target_function *run)
{
	char inside[PATH_MAX];

	if (!folder)
		return run(from, to);
	if ((u32)snprintf(inside, sizeof(inside), "%s/%s", to, last_name(from)) < sizeof(inside))
		return run(from, inside);
	errno = ENAMETOOLONG;
	return -1;
}

int target_each(int argc, char **argv, target_function *run, const char *how)
{
	struct stat found;
	bool folder;
	int bad = 0;

	if (getopt(argc, argv, "") != -1 || argc - optind < 2)
		return usage(how);
	folder = !stat(argv[argc - 1], &found) && found.folder;
	if (!folder && argc - optind > 2)
		return usage(how);
	for (int i = optind; i < argc - 1; i++) {
		if (!run_into(argv[i], argv[argc - 1], folder, run))
			continue;
		perror(argv[i]);
		bad = 1;
	}
	return bad;
}
