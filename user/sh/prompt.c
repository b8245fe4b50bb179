/* Prompt, line, command, and again: see prompt.h. */
#include "user/sh/prompt.h"

#include "lib/string.h"
#include "user/lib/c/stdio.h"
#include "user/lib/c/stdlib.h"
#include "user/lib/c/sys_stat.h"
#include "user/lib/c/unistd.h"
#include "user/lib/posix/terminal.h"
#include "user/lib/tool/measure.h"
#include "user/sh/builtin.h"
#include "user/sh/complete.h"
#include "user/sh/edit.h"
#include "user/sh/jobs.h"
#include "user/sh/run.h"

#define PROGRAMS "/bin"
#define NAME_COLUMNS 20u
#define TRIES 100u
#define PAUSE 10000u /* microseconds */

static struct edit edit;

static void show(const char *bytes, u32 n) { fwrite(bytes, 1, n, stdout); }

/* ---- Completion ---- */

/* Names that fit are offered to `complete`, or printed. */
typedef void take_function(struct complete *complete, const char *name, bool is_folder);

static void take_name(struct complete *complete, const char *name, bool is_folder)
{
	complete_offer(complete, name, is_folder);
}

static void print_name(struct complete *complete, const char *name, bool is_folder)
{
	if (!complete_offer(complete, name, is_folder))
		return;
	printf("%s%s%*s", complete->found == 1 ? "\n" : "", name,
		(int)(NAME_COLUMNS - strlen(name) % NAME_COLUMNS), is_folder ? "/" : "");
}

static void each_file(struct complete *complete, const char *path, take_function *take)
{
	DIR *folder = opendir(path);
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		take(complete, entry->d_name, entry->stat.folder);
	if (folder)
		closedir(folder);
}

static void each_name(struct complete *complete, take_function *take)
{
	if (!complete->command) {
		each_file(complete, complete->folder, take);
		return;
	}
	for (u32 i = 0; builtin_name(i); i++)
		take(complete, builtin_name(i), false);
	each_file(complete, PROGRAMS, take);
}

static void list_names(void)
{
	struct complete all;

	complete_begin(&all, edit.text, edit.at);
	each_name(&all, print_name);
	printf("\n");
	edit_show(&edit);
}

static void complete(void)
{
	char rest[COMPLETE_REST];
	struct complete found;

	if (!complete_begin(&found, edit.text, edit.at)) {
		edit_refuse(&edit);
		return;
	}
	each_name(&found, take_name);
	complete_rest(&found, rest);
	if (*rest)
		edit_insert(&edit, rest);
	else if (found.found)
		list_names();
	else
		edit_refuse(&edit);
}

/* ---- The prompt ---- */

static void set_prompt(void)
{
	char folder[PATH_MAX], prompt[PROMPT_MAX];

	if (!getcwd(folder, sizeof(folder)))
		strlcpy(folder, "?", sizeof(folder));
	snprintf(prompt, sizeof(prompt), "tarn:%s$ ", folder);
	edit_begin(&edit, prompt);
}

/* KEY_ERROR: con could not be asked, again and again.  It may have too many others who wait. */
static int next_byte(void)
{
	int byte = KEY_NONE;

	fflush(stdout);
	for (u32 errors = 0; errors < TRIES && byte < 0; errors += byte == KEY_ERROR) {
		byte = terminal_key(0);
		if (byte < 0)
			usleep(PAUSE);
	}
	return byte;
}

static enum edit_result read_line(void)
{
	enum edit_result result = EDIT_MORE;

	while (result == EDIT_MORE) {
		int byte = next_byte();

		result = byte < 0 ? EDIT_END : edit_put(&edit, (u8)byte);
		if (result != EDIT_COMPLETE)
			continue;
		complete();
		result = EDIT_MORE;
	}
	return result;
}

/* When the first prompt was there, in ticks: for who measures that (user/bin/bench_processes.c). */
static void note_ready(void)
{
	char ticks[24];

	if (getenv("READY"))
		return;
	fflush(stdout);
	snprintf(ticks, sizeof(ticks), "%llu", time_stamp());
	setenv("READY", ticks, 1);
}

/* Programs get a console in mode line; here each byte counts. */
static enum edit_result prompt(void)
{
	enum edit_result result;
	u32 rows;

	jobs_look();
	terminal_set_front(0);
	terminal_set_raw(true);
	terminal_size(&edit.columns, &rows);
	set_prompt();
	note_ready();
	result = read_line();
	/* Else the next prompt is at once, and what is typed already is for it. */
	if (result == EDIT_LINE || result == EDIT_END)
		terminal_set_raw(false);
	fflush(stdout);
	return result;
}

static void welcome(void)
{
	printf("\nThis is Tarn.  Try: help   ls -l /bin   ps   free   top   vmstat 1   trace ls\n"
	       "                    ls | sort | head -5   kill ramfs   poweroff\n");
}

int prompt_run(void)
{
	enum edit_result result;

	edit.show = show;
	if (getpid() == 1)
		welcome();
	while ((result = prompt()) != EDIT_END) {
		if (result == EDIT_TOO_LONG)
			fprintf(stderr, "sh: the line has more than %u bytes, and is not run\n",
				EDIT_MAX - 1);
		if (result != EDIT_LINE)
			continue;
		edit_keep(&edit);
		run_line(edit.text);
	}
	return last_status;
}
