/* Files away, and empty folders; -r: folders with all that is in them. */
#include "lib/string.h"
#include "user/lib/c/stdlib.h"
#include "user/lib/c/sys_stat.h"
#include "user/lib/c/unistd.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"

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

	while (!failed && first_name(path, name)) {
		if ((u32)snprintf(inside, sizeof(inside), "%s/%s", path, name) >= sizeof(inside)) {
			errno = ENAMETOOLONG;
			return -1;
		}
		failed = drop(inside);
	}
	return failed;
}

static int drop(const char *path)
{
	struct stat found;

	if (stat(path, &found))
		return -1;
	return found.folder && drop_content(path) ? -1 : unlink(path);
}

int main(int argc, char **argv)
{
	bool all = false;
	int option, bad = 0;

	while ((option = getopt(argc, argv, "r")) != -1) {
		if (option == '?')
			return usage("rm [-r] FILE...");
		all = true;
	}
	if (optind >= argc)
		return usage("rm [-r] FILE...");
	for (int i = optind; i < argc; i++) {
		if (!(all ? drop(argv[i]) : unlink(argv[i])))
			continue;
		perror(argv[i]);
		bad = 1;
	}
	return bad;
}
