/*
 * Files away, and empty folders; -r: folders with all that is in them; -f: no complaint about what
 * is not there.
 */
#include "lib/string.h"
#include "user/lib/c/stdlib.h"
#include "user/lib/c/sys_stat.h"
#include "user/lib/c/unistd.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"
#include "user/lib/tool/target.h"

#define USAGE "rm [-rf] FILE..."

static bool all, force;

static int drop(const char *path);

static bool first_name(const char *path, char name[FS_NAME_MAX])
{
	DIR *folder = opendir(path);
	struct dirent *entry = folder ? readdir(folder) : NULL;

	if (entry)
		strlcpy(name, entry->d_name, FS_NAME_MAX);
	if (folder)
		closedir(folder);
	return entry;
}

/* One after the other: each time the first that is left. */
static int drop_content(const char *path)
{
	char name[FS_NAME_MAX], inside[PATH_MAX];
	int failed = 0;

	while (!failed && first_name(path, name))
		failed = path_inside(inside, path, name) ? -1 : drop(inside);
	return failed;
}

static int drop(const char *path)
{
	struct stat found;

	if (stat(path, &found))
		return -1;
	return found.folder && drop_content(path) ? -1 : unlink(path);
}

static int take_away(const char *path)
{
	return (all ? drop(path) : unlink(path)) && !(force && errno == ENOENT);
}

int main(int argc, char **argv)
{
	for (int option; (option = getopt(argc, argv, "rf")) != -1;) {
		if (option == '?')
			return usage(USAGE);
		all |= option == 'r';
		force |= option == 'f';
	}
	if (optind >= argc && !force)
		return usage(USAGE);
	return argument_each(argc, argv, optind, take_away);
}
