/* New folders; -p: also those above them, and no complaint about what is there. */
#include "user/lib/c/sys_stat.h"
#include "user/lib/c/unistd.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"

#define USAGE "mkdir [-p] FOLDER..."

static int make_one(const char *path) { return mkdir(path, 0); }

static int make(const char *path)
{
	struct stat found;

	return mkdir(path, 0) && (errno != EEXIST || stat(path, &found) || !found.folder);
}

/* From the top down: each part of the path that ends at a '/', then all of it. */
static int make_all(const char *path)
{
	char above[PATH_MAX];

	for (u32 i = 0; i < PATH_MAX - 1 && path[i]; i++) {
		above[i] = path[i];
		above[i + 1] = 0;
		if (path[i] == '/' && make(above))
			return -1;
	}
	return make(path);
}

int main(int argc, char **argv)
{
	bool all = false;

	for (int option; (option = getopt(argc, argv, "p")) != -1; all = true)
		if (option == '?')
			return usage(USAGE);
	if (optind >= argc)
		return usage(USAGE);
	return argument_each(argc, argv, optind, all ? make_all : make_one);
}
