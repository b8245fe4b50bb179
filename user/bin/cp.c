/* A file's bytes into another one, or files into a folder; -r: folders with all that is in them. */
#include "lib/string.h"
#include "user/lib/c/fcntl.h"
#include "user/lib/c/sys_stat.h"
#include "user/lib/c/unistd.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"
#include "user/lib/tool/target.h"

#define USAGE "cp [-r] FILE... TO"

static char bytes[0x8000];
static bool recursive;
static u32 made; /* the first folder that was, for this argument; 0: none */

static bool copy_all(int from, int to)
{
	ssize_t got;

	while ((got = read(from, bytes, sizeof(bytes))) > 0)
		if (write(to, bytes, (size_t)got) != got)
			return false;
	return !got;
}

static int copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY), out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_TRUNC);
	bool good = out >= 0 && copy_all(in, out);

	if (out >= 0)
		close(out);
	if (in >= 0)
		close(in);
	return good ? 0 : -1;
}

/* A folder that lies in what it is copied from would have no end: it is met again as a source. */
static int make_target(const struct stat *from, const char *to)
{
	struct stat found;

	if (made == from->st_ino) {
		errno = EINVAL;
		return -1;
	}
	if (mkdir(to, 0) && errno != EEXIST)
		return -1;
	if (!made && !stat(to, &found))
		made = found.st_ino;
	return 0;
}

static int copy(const char *from, const char *to);

static int copy_folder(const char *from, const char *to)
{
	char source[PATH_MAX], target[PATH_MAX];
	DIR *folder = opendir(from);
	struct dirent *entry;
	int failed = folder ? 0 : -1;

	while (!failed && (entry = readdir(folder)))
		failed = path_inside(source, from, entry->d_name) ||
					 path_inside(target, to, entry->d_name)
				 ? -1
				 : copy(source, target);
	if (folder)
		closedir(folder);
	return failed;
}

static int copy(const char *from, const char *to)
{
	struct stat found;

	if (stat(from, &found))
		return -1;
	if (!found.folder || !recursive)
		return copy_file(from, to);
	return make_target(&found, to) ? -1 : copy_folder(from, to);
}

static int copy_argument(const char *from, const char *to)
{
	made = 0;
	return copy(from, to);
}

int main(int argc, char **argv)
{
	for (int option; (option = getopt(argc, argv, "r")) != -1; recursive = true)
		if (option == '?')
			return usage(USAGE);
	return target_each(argc, argv, copy_argument, USAGE);
}
