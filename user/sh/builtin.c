/* The built-in commands: a function and a row of the table for each. */
#include "user/sh/builtin.h"

#include "lib/compiler.h"
#include "lib/string.h"
#include "user/lib/c/stdio.h"
#include "user/lib/c/stdlib.h"
#include "user/lib/c/sys_stat.h"
#include "user/lib/protocol/protocol.h"
#include "user/lib/tool/compare.h"
#include "user/lib/tool/end.h"
#include "user/lib/tool/input.h"
#include "user/sh/jobs.h"
#include "user/sh/run.h"

static int change_folder(int argc, char **argv)
{
	const char *folder = argc > 1 ? argv[1] : getenv("HOME");

	if (argc > 2) {
		fprintf(stderr, "cd: there are too many words\n");
		return 2;
	}
	if (!chdir(folder ? folder : "/"))
		return 0;
	perror(folder);
	return 1;
}

static int print_folder(int argc, char **argv)
{
	char folder[PATH_MAX];

	(void)argc;
	(void)argv;
	return !getcwd(folder, sizeof(folder)) || puts(folder) == EOF;
}

static int leave(int argc, char **argv)
{
	int status = argc > 1 ? number_of(argv[1]) : last_status;

	if (status >= 0)
		exit(status & 127);
	fprintf(stderr, "exit: %s: not a number\n", argv[1]);
	return 2;
}

/* Alone; before a command it is taken away (run.c). */
static int trace(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return usage("trace PROGRAM [ARGUMENT...]");
}

static int list_jobs(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	jobs_look();
	jobs_list();
	return 0;
}

static int to_front(int argc, char **argv)
{
	struct job *job = job_find(argc > 1 ? argv[1] : NULL);

	if (!job)
		return 1;
	job_say(job);
	return job_wait(job);
}

static int wait_for_all(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return jobs_wait();
}

static int end_one(const char *word)
{
	struct job *job = *word == '%' ? job_find(word) : NULL;

	if (*word == '%' && !job)
		return 1;
	if (job ? !job_kill(job) : !end_target(word))
		return 0;
	fprintf(stderr, "kill: %s: %s\n", word, strerror(errno));
	return 1;
}

/* Here, since it must work when no program can be started any more. */
static int end_all(int argc, char **argv)
{
	int bad = 0;

	if (argc < 2 || !strcmp(argv[1], "-?"))
		return usage(END_USAGE);
	for (int i = end_first(argc, argv); i < argc; i++)
		bad |= end_one(argv[i]);
	return bad;
}

static int help(int argc, char **argv);

static const struct {
	const char *name;
	builtin *run;
	const char *text;
} builtins[] = {
	{ "cd", change_folder, "cd [FOLDER]     goes to a folder" },
	{ "exit", leave, "exit [STATUS]   ends the shell" },
	{ "fg", to_front, "fg [%N]         waits for a job, which Ctrl-C then ends" },
	{ "help", help, "help            this" },
	{ "jobs", list_jobs, "jobs            what runs in the background" },
	{ "kill", end_all, "kill %N         ends a job; kill PID, kill -GROUP, kill SERVER" },
	{ "pwd", print_folder, "pwd             the folder in which you are" },
	{ "test", compare_arguments,
		"test A = B      compares: also != -lt -le -eq -ne -ge -gt, -e FILE -d -f -s" },
	{ "trace", trace, "trace COMMAND   shows the system calls that a program makes" },
	{ "wait", wait_for_all, "wait            waits for all jobs" },
};

builtin *builtin_find(const char *name)
{
	for (u32 i = 0; i < ARRAY_SIZE(builtins); i++)
		if (!strcmp(name, builtins[i].name))
			return builtins[i].run;
	return NULL;
}

const char *builtin_name(u32 n) { return n < ARRAY_SIZE(builtins) ? builtins[n].name : NULL; }

/* ---- help ---- */

#define LINE_LENGTH 78u

static void list_programs(void)
{
	DIR *folder = opendir("/bin");
	u32 column = LINE_LENGTH;
	struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		u32 length = (u32)strlen(entry->d_name) + 1;

		column = column + length < LINE_LENGTH ? column + length : length;
		printf("%s %s", column == length ? "\n " : "", entry->d_name);
	}
	if (folder)
		closedir(folder);
	printf("\n");
}

static int help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	printf("Built in:\n");
	for (u32 i = 0; i < ARRAY_SIZE(builtins); i++)
		printf("  %s\n", builtins[i].text);
	printf("Between commands: | ; && || &   of files: < FILE  > FILE  >> FILE  2> FILE  2>&1\n"
	       "Words: 'as it is'  \"with $NAME\"  \\c  NAME=value  * any, ? one letter\n"
	       "       $? the last status  $! the last job's pid  $$ the shell's pid\n"
	       "Keys: arrows, Home, End, Tab completes, Ctrl-C ends what runs, Ctrl-D the shell\n"
	       "Programs in /bin, most of which say with -? how they are used:");
	list_programs();
	return 0;
}
