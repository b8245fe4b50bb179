/* From what a person types to a whole path: see path.h. */
#include "user/lib/posix/path.h"

#include "lib/string.h"

static u32 length_of_name(const char *path)
{
	u32 length = 0;

	while (path[length] && path[length] != '/')
		length++;
	return length;
}

static bool is_name(const char *name, u32 length, const char *other)
{
	return strlen(other) == length && !strncmp(name, other, length);
}

/* The folder that holds what the path names. */
static void drop_last(char *whole)
{
	u32 length = (u32)strlen(whole);

	while (length && whole[--length] != '/')
		continue;
	whole[length] = 0;
}

static bool append(char *whole, const char *name, u32 length)
{
	u32 at = (u32)strlen(whole);

	if (at + 1 + length >= PATH_MAX)
		return false;
	whole[at] = '/';
	memcpy(whole + at + 1, name, length);
	whole[at + 1 + length] = 0;
	return true;
}

/* Walks the names of `path`; `whole` has no '/' at its end, and is empty for the topmost folder. */
static bool walk(char *whole, const char *path)
{
	bool fits = true;

	while (*path && fits) {
		u32 length = length_of_name(path);

		if (is_name(path, length, ".."))
			drop_last(whole);
		else if (length && !is_name(path, length, "."))
			fits = append(whole, path, length);
		path += length;
		path += *path == '/';
	}
	return fits;
}

bool path_whole(const char *folder, const char *path, char whole[PATH_MAX])
{
	whole[0] = 0;
	if (path[0] != '/' && !walk(whole, folder))
		return false;
	if (!walk(whole, path))
		return false;
	if (!whole[0])
		strlcpy(whole, "/", PATH_MAX);
	return true;
}
