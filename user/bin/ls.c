/*
 * Names of files and of what is in folders; -l: size, time and kind too; -1: one in a line; -d: of
 * folders themselves.  -a makes no difference, as nothing is hidden.
 */
#include "lib/string.h"
#include "user/lib/c/stdlib.h"
#include "user/lib/c/sys_stat.h"
#include "user/lib/c/time.h"
#include "user/lib/c/unistd.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"

#define COLUMNS 80u
#define LEAST_ENTRIES 64u

static struct dirent *entries;
static u32 count, room;
static bool is_long, one_in_line, folders_themselves;

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct dirent *)a)->d_name, ((const struct dirent *)b)->d_name);
}

static bool keep(const struct dirent *entry)
{
	struct dirent *more;

	if (count == room) {
		room = room ? 2 * room : LEAST_ENTRIES;
		more = realloc(entries, room * sizeof(*entries));
		if (!more)
			return false;
		entries = more;
	}
	entries[count++] = *entry;
	return true;
}

static void print_long(const struct dirent *entry)
{
	struct tm tm;

	gmtime_r(&entry->stat.st_mtime, &tm);
	printf("%9u  %d-%02d-%02d %02d:%02d  %s%s\n", entry->stat.st_size, tm.tm_year + 1900,
		tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, entry->d_name,
		entry->stat.folder ? "/" : "");
}

/* At a terminal in columns, else one in a line. */
static void print_short(void)
{
	u32 width = 1, columns;

	for (u32 i = 0; i < count; i++)
		if (strlen(entries[i].d_name) + 3 > width)
			width = (u32)strlen(entries[i].d_name) + 3;
	columns = !one_in_line && isatty(STDOUT_FILENO) && width < COLUMNS ? COLUMNS / width : 1;
	for (u32 i = 0; i < count; i++) {
		const char *mark = entries[i].stat.folder ? "/" : "";
		bool last = i % columns == columns - 1 || i + 1 == count;
		u32 length = (u32)strlen(entries[i].d_name) + (u32)strlen(mark);

		printf("%s%s%*s", entries[i].d_name, mark, last ? 0 : (int)(width - length), "");
		if (last)
			printf("\n");
	}
}

static void print(void)
{
	qsort(entries, count, sizeof(*entries), by_name);
	if (!is_long)
		print_short();
	for (u32 i = 0; i < count && is_long; i++)
		print_long(&entries[i]);
	count = 0;
}

static bool list_folder(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	bool good = folder;

	while (good && (entry = readdir(folder)))
		good = keep(entry);
	if (folder)
		closedir(folder);
	return good;
}

static bool list_file(const char *path, const struct stat *stat)
{
	struct dirent entry = { .stat = *stat };

	strlcpy(entry.d_name, path, sizeof(entry.d_name));
	return keep(&entry);
}

/* Files are kept, to be printed together; of folders that is said. */
static bool take(const char *path, bool *folder)
{
	struct stat found;

	*folder = false;
	if (stat(path, &found))
		return file_error(path);
	*folder = found.folder && !folders_themselves;
	return *folder || list_file(path, &found) || file_error(path);
}

static bool print_folder(const char *path, bool named)
{
	if (!list_folder(path))
		return file_error(path);
	if (named)
		printf("%s:\n", path);
	print();
	return true;
}

/* Files first; folders go to the front of `paths`. */
static int list(char **paths, int count_of_paths)
{
	int folders = 0, bad = 0;
	bool folder;

	for (int i = 0; i < count_of_paths; i++) {
		bad |= !take(paths[i], &folder);
		if (folder)
			paths[folders++] = paths[i];
	}
	print();
	for (int i = 0; i < folders; i++)
		bad |= !print_folder(paths[i], count_of_paths > 1);
	return bad;
}

static bool take_options(int argc, char **argv)
{
	for (int option; (option = getopt(argc, argv, "la1d")) != -1;) {
		is_long |= option == 'l';
		one_in_line |= option == '1';
		folders_themselves |= option == 'd';
		if (option == '?')
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	static char here[] = ".";

	if (!take_options(argc, argv))
		return usage("ls [-la1d] [FILE...]");
	if (optind >= argc)
		return list((char *[]){ here }, 1);
	return list(argv + optind, argc - optind);
}
