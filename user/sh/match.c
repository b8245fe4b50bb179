/* The files that a pattern stands for: see match.h. */
#include "user/sh/match.h"

#include "lib/string.h"
#include "user/lib/c/stdlib.h"
#include "user/lib/c/sys_stat.h"
#include "user/lib/tool/pattern.h"

static int in_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool fits(const char *pattern, const char *name)
{
	return (*name != '.' || *pattern == '.') && pattern_fits(pattern, name);
}

static DIR *open_folder(const char *word, u32 length)
{
	char folder[PATH_MAX];

	if (!length)
		return opendir(".");
	if (length >= sizeof(folder))
		return NULL;
	memcpy(folder, word, length);
	folder[length] = 0;
	return opendir(folder);
}

enum match_result match_files(
	const char *word, char **list, u32 *count, u32 most, char *to, u32 room, u32 *used)
{
	const char *pattern = pattern_name(word);
	u32 before = *count, length = pattern ? (u32)(pattern - word) : 0;
	DIR *folder = pattern ? open_folder(word, length) : NULL;
	enum match_result result = MATCH_NONE;
	struct dirent *entry;

	while (folder && result != MATCH_TOO_MANY && (entry = readdir(folder))) {
		u32 size = length + (u32)strlen(entry->d_name) + 1;

		if (!fits(pattern, entry->d_name))
			continue;
		result = *count == most || size > room - *used ? MATCH_TOO_MANY : MATCH_SOME;
		if (result == MATCH_TOO_MANY)
			break;
		list[*count] = memcpy(to + *used, word, length);
		memcpy(to + *used + length, entry->d_name, size - length);
		(*count)++;
		*used += size;
	}
	if (folder)
		closedir(folder);
	qsort(list + before, *count - before, sizeof(*list), in_order);
	return result;
}
