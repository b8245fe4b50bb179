/* Several into one folder, or one to one: see target.h. */
#include "user/lib/tool/target.h"

#include "lib/string.h"
#include "user/lib/c/sys_stat.h"
#include "user/lib/c/unistd.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"

static const char *last_name(const char *path)
{
	const char *name = path;

	for (; *path; path++)
		if (path[0] == '/' && path[1])
			name = path + 1;
	return name;
}

int path_inside(char inside[PATH_MAX], const char *folder, const char *name)
{
	if ((u32)snprintf(inside, PATH_MAX, "%s/%s", folder, name) < PATH_MAX)
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

/* Which of the two is at fault: of one that is there it cannot be said that there is none. */
static bool say(const char *from, const char *to)
{
	int error = errno;
	struct stat found;
	bool other = error == ENOENT && !stat(from, &found);

	errno = error;
	return file_error(other ? to : from);
}

/* Opened for writing first, the file itself would be empty. */
static bool is_same(const char *from, const char *to)
{
	struct stat a, b;

	if (stat(from, &a) || stat(to, &b) || a.st_ino != b.st_ino)
		return false;
	fprintf(stderr, "%s: %s and %s are the same file\n", program_name, from, to);
	return true;
}

/* In a folder a file keeps its name. */
static bool run_one(const char *from, const char *to, bool folder, target_function *run)
{
	char inside[PATH_MAX];

	if (folder && path_inside(inside, to, last_name(from)))
		return file_error(from);
	to = folder ? inside : to;
	return !is_same(from, to) && (!run(from, to) || say(from, to));
}

int target_each(int argc, char **argv, target_function *run, const char *how)
{
	const char *to = argv[argc - 1];
	struct stat found;
	bool folder = !stat(to, &found) && found.folder;
	int bad = 0;

	if (argc - optind < 2)
		return usage(how);
	if (argc - optind > 2 && !folder) {
		errno = ENOTDIR;
		return !file_error(to);
	}
	for (int i = optind; i < argc - 1; i++)
		bad |= !run_one(argv[i], to, folder, run);
	return bad;
}
