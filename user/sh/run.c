/* From parsed lines to processes: see run.h. */
#include "user/sh/run.h"

#include "lib/compiler.h"
#include "lib/string.h"
#include "user/lib/c/fcntl.h"
#include "user/lib/c/stdio.h"
#include "user/lib/c/stdlib.h"
#include "user/lib/c/unistd.h"
#include "user/lib/posix/descriptor.h"
#include "user/lib/posix/process.h"
#include "user/lib/protocol/proc.h"
#include "user/lib/startup.h"
#include "user/lib/tool/pattern.h"
#include "user/sh/builtin.h"
#include "user/sh/expand.h"
#include "user/sh/jobs.h"
#include "user/sh/match.h"
#include "user/sh/parse.h"

#define STATUS_SYNTAX 2
#define STATUS_NOT_STARTED 126
#define STATUS_NOT_FOUND 127
#define EXPANDED_MAX 0x8000u
#define STANDARD 3u   /* descriptors 0 to 2 */
#define KEPT_FROM 13u /* where the shell's own are meanwhile */

int last_status;
static struct parsed parsed;
static int failure; /* of what could not be started: its status */
static int arguments;
static char **argument;

/* A command with all its words expanded. */
static struct {
	u32 argc;
	char *argv[WORDS_MAX + 1];
	bool traced;
	char text[EXPANDED_MAX];
	u32 used;
} now;

void run_begin(int argc, char **argv)
{
	arguments = argc;
	argument = argv;
}

/* ---- Words ---- */

static const char *number_text(int number)
{
	static char text[16];

	snprintf(text, sizeof(text), "%d", number);
	return text;
}

static const char *value_of_variable(const char *name)
{
	if (*name == '?')
		return number_text(last_status);
	if (*name == '$')
		return number_text(getpid());
	if (*name == '!')
		return jobs_left() ? number_text(jobs_left()) : NULL;
	if (*name >= '0' && *name <= '9')
		return *name - '0' < arguments ? argument[*name - '0'] : NULL;
	return getenv(name);
}

/* Of a command: the signs of patterns are in it. */
static bool expand_pattern(const char *word, char **expanded, bool *nothing)
{
	*expanded = now.text + now.used;
	if (!expand(word, value_of_variable, *expanded, EXPANDED_MAX - now.used, nothing)) {
		fprintf(stderr, "sh: the words are too long\n");
		return false;
	}
	now.used += (u32)strlen(*expanded) + 1;
	return true;
}

static bool expand_word(const char *word, char **expanded, bool *nothing)
{
	if (!expand_pattern(word, expanded, nothing))
		return false;
	pattern_undo(*expanded);
	return true;
}

/* A pattern becomes the files that it stands for; one for which there are none stays a word. */
static bool add_word(const char *word)
{
	enum match_result found;
	char *expanded;
	bool nothing;

	if (!expand_pattern(word, &expanded, &nothing))
		return false;
	found = match_files(
		expanded, now.argv, &now.argc, WORDS_MAX, now.text, EXPANDED_MAX, &now.used);
	if (found == MATCH_SOME)
		return true;
	pattern_undo(expanded);
	if (found == MATCH_TOO_MANY || now.argc == WORDS_MAX) {
		fprintf(stderr, "sh: %s: there are too many words\n", expanded);
		return false;
	}
	now.argv[now.argc] = expanded;
	now.argc += !nothing;
	return true;
}

/* NAME=value where a command could be.  NULL expanded: no memory, said. */
static bool assign(const char *word)
{
	u32 length = assigned_name(word);
	char *expanded;
	bool nothing;

	if (!expand_word(word, &expanded, &nothing))
		return false;
	expanded[length] = 0;
	if (!setenv(expanded, expanded + length + 1, 1))
		return true;
	perror(expanded);
	return false;
}

/* `trace` before a command is no word of it. */
static void take_trace(void)
{
	now.traced = now.argc > 1 && !strcmp(now.argv[0], "trace");
	if (!now.traced)
		return;
	now.argc--;
	memmove(now.argv, now.argv + 1, (now.argc + 1) * sizeof(now.argv[0]));
}

/* Assignments before a command hold for it and for all that follows. */
static bool expand_command(const struct command *command)
{
	bool good = true;

	now.argc = 0;
	now.used = 0;
	for (u32 i = 0; i < command->words && good; i++) {
		const char *word = parsed.word[command->word + i];

		if (!now.argc && assigned_name(word)) {
			good = assign(word);
			continue;
		}
		good = add_word(word);
	}
	now.argv[now.argc] = NULL;
	take_trace();
	return good;
}

/* ---- Descriptors ---- */

static void not_for_programs(int fd) { fcntl(fd, F_SETFD, FD_CLOEXEC); }

static void keep_own(void)
{
	for (u32 i = 0; i < STANDARD; i++)
		if (fcntl((int)i, F_DUPFD, (int)(KEPT_FROM + i)) >= 0)
			not_for_programs((int)(KEPT_FROM + i));
}

static void take_back_own(void)
{
	fflush(NULL);
	for (u32 i = 0; i < STANDARD; i++) {
		close((int)i);
		if (dup2((int)(KEPT_FROM + i), (int)i) >= 0)
			close((int)(KEPT_FROM + i));
	}
}

/* 2>&1: of the shell's own ones none but these three are a command's. */
static bool duplicate(const char *word, u32 to)
{
	if (word[0] >= '0' && word[0] < (char)('0' + STANDARD) && !word[1] &&
		dup2(word[0] - '0', (int)to) >= 0)
		return true;
	fprintf(stderr, "sh: %s: no descriptor, 0 to 2, that is open\n", word);
	return false;
}

static bool redirect(const struct redirect *redirect)
{
	static const int flags[] = { [REDIRECT_IN] = O_RDONLY,
		[REDIRECT_OUT] = O_WRONLY | O_CREAT | O_TRUNC,
		[REDIRECT_APPEND] = O_WRONLY | O_CREAT | O_APPEND };
	bool nothing;
	char *file;
	int fd;

	if (!expand_word(redirect->file, &file, &nothing))
		return false;
	if (redirect->kind == REDIRECT_DUP)
		return duplicate(file, redirect->fd);
	fd = open(file, flags[redirect->kind]);
	if (fd < 0) {
		perror(file);
		return false;
	}
	if ((u32)fd == redirect->fd)
		return true;
	dup2(fd, (int)redirect->fd);
	close(fd);
	return true;
}

static bool redirect_all(const struct command *command)
{
	bool good = true;

	for (u32 i = 0; i < command->redirects && good; i++)
		good = redirect(&parsed.redirect[command->redirect + i]);
	return good;
}

/* Where a command of a pipeline reads and writes. */
struct ends {
	int in, out;
};
#define AS_SHELL (-1)
#define NOWHERE (-2)

static void move(int from, int to)
{
	if (from == AS_SHELL)
		return;
	if (from == NOWHERE)
		from = open("/dev/null", O_RDWR);
	dup2(from, to);
	close(from);
}

/* ---- Programs ---- */

/* The shell's other open files are not the child's. */
static __noreturn void run_in_child(builtin *run)
{
	int result;

	jobs_are_not_ours();
	for (u32 fd = STANDARD; fd < DESCRIPTORS; fd++)
		if (descriptors[fd].not_passed)
			close((int)fd);
	result = run((int)now.argc, now.argv);
	exit(result);
}

static pid_t fork_builtin(builtin *run)
{
	pid_t pid = fork();

	if (!pid)
		run_in_child(run);
	return pid;
}

static pid_t spawn(void)
{
	u32 flags = process_flags;
	pid_t pid;

	if (now.traced)
		process_flags |= STARTUP_TRACE;
	pid = spawnvp(now.argv[0], now.argv);
	process_flags = flags;
	return pid;
}

static void say_why_not(void)
{
	if (errno == ENOENT)
		fprintf(stderr, "sh: %s: no such program (help lists what there is)\n",
			now.argv[0]);
	else
		fprintf(stderr, "sh: %s: %s\n", now.argv[0], strerror(errno));
	failure = errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_STARTED;
}

/* 0: not started, and `failure` says why. */
static pid_t start_expanded(const struct command *command)
{
	builtin *run;
	pid_t pid;

	if (!redirect_all(command))
		return 0;
	failure = 0;
	if (!now.argc)
		return 0;
	run = builtin_find(now.argv[0]);
	pid = run ? fork_builtin(run) : spawn();
	if (pid > 0)
		return pid;
	say_why_not();
	return 0;
}

static void start_command(const struct command *command, struct ends ends, struct job *job)
{
	pid_t pid;

	failure = 1;
	keep_own();
	move(ends.in, STDIN_FILENO);
	move(ends.out, STDOUT_FILENO);
	pid = expand_command(command) ? start_expanded(command) : 0;
	take_back_own();
	if (pid)
		job_add(job, pid);
}

/* ---- Pipelines ---- */

static bool make_pipe(int fd[2])
{
	if (pipe(fd)) {
		perror("sh: pipe");
		return false;
	}
	not_for_programs(fd[0]);
	not_for_programs(fd[1]);
	return true;
}

/* What is typed is not for the background. */
static void start_all(const struct pipeline *pipeline, struct job *job)
{
	struct ends ends = { pipeline->after == AFTER_BACKGROUND ? NOWHERE : AS_SHELL, AS_SHELL };
	int fd[2];

	for (u32 i = 0; i < pipeline->commands; i++) {
		bool last = i + 1 == pipeline->commands;

		ends.out = AS_SHELL;
		if (!last) {
			if (!make_pipe(fd))
				break;
			ends.out = fd[1];
		}
		start_command(&parsed.command[pipeline->command + i], ends, job);
		ends.in = last ? AS_SHELL : fd[0];
	}
	if (ends.in >= 0)
		close(ends.in);
}

/* The status is that of the last command, started or not. */
static void run_job(const struct pipeline *pipeline)
{
	bool background = pipeline->after == AFTER_BACKGROUND;
	struct job *job = job_new(pipeline->start, pipeline->length, background);
	int result = 0;

	failure = 1;
	if (job)
		start_all(pipeline, job);
	if (job && background)
		job_leave(job);
	else if (job)
		result = job_wait(job);
	last_status = failure ? failure : result;
}

static void run_here(const struct command *command, builtin *run)
{
	keep_own();
	last_status = redirect_all(command) ? (run ? run((int)now.argc, now.argv) : 0) : 1;
	take_back_own();
}

/* A built-in command alone is done by the shell itself. */
static bool run_builtin(const struct pipeline *pipeline)
{
	const struct command *command = &parsed.command[pipeline->command];
	builtin *run;

	if (pipeline->commands > 1 || pipeline->after == AFTER_BACKGROUND)
		return false;
	if (!expand_command(command)) {
		last_status = 1;
		return true;
	}
	run = now.argc ? builtin_find(now.argv[0]) : NULL;
	if (now.argc && !run)
		return false;
	run_here(command, run);
	return true;
}

static void run_pipeline(const struct pipeline *pipeline)
{
	if (!run_builtin(pipeline))
		run_job(pipeline);
}

static bool is_due(const struct pipeline *before)
{
	return before->after == AFTER_AND ? !last_status : before->after != AFTER_OR || last_status;
}

int run_line(const char *line)
{
	if (!parse(&parsed, line)) {
		fprintf(stderr, "sh: %s\n", parsed.fault);
		return last_status = STATUS_SYNTAX;
	}
	jobs_interrupted();
	for (u32 i = 0; i < parsed.pipelines; i++) {
		if (jobs_interrupted())
			return last_status = (int)STATUS_BY_KILL;
		if (!i || is_due(&parsed.pipeline[i - 1]))
			run_pipeline(&parsed.pipeline[i]);
	}
	return last_status;
}
