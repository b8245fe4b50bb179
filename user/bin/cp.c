/* A file's bytes into another one, or files into a folder. */
#include "lib/string.h"
#include "user/lib/c/fcntl.h"
#include "user/lib/c/sys_stat.h"
#include "user/lib/c/unistd.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"
#include "user/lib/tool/target.h"

static char bytes[0x8000];

static bool copy_all(int from, int to)
{
	ssize_t got;

	while ((got = read(from, bytes, sizeof(bytes))) > 0)
		if (write(to, bytes, (size_t)got) != got)
			return false;
	return !got;
}

/* Opened for writing first, the file itself would be empty. */
static bool is_same(const char *from, const char *to)
{
	struct stat a, b;

	return !stat(from, &a) && !stat(to, &b) && a.st_ino == b.st_ino;
}

static int copy(const char *from, const char *to)
{
	int in, out;
	bool good;

	if (is_same(from, to)) {
		errno = EEXIST;
		return -1;
	}
	in = open(from, O_RDONLY);
	out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_TRUNC);
	good = out >= 0 && copy_all(in, out);
	if (out >= 0)
		close(out);
	if (in >= 0)
		close(in);
	return good ? 0 : -1;
}

int main(int argc, char **argv) { return target_each(argc, argv, copy, "cp FILE... TO"); }
