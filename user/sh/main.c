/* The shell: sh, sh -c WORDS, sh FILE ARGUMENTS. */
#include "lib/string.h"
#include "user/lib/c/fcntl.h"
#include "user/lib/c/stdio.h"
#include "user/lib/c/stdlib.h"
#include "user/lib/c/unistd.h"
#include "user/sh/jobs.h"
#include "user/sh/prompt.h"
#include "user/sh/run.h"

#define STATUS_NO_FILE 127

static int run_file(FILE *file)
{
	size_t length;
	char *line;

	while ((line = fgetline(file, &length))) {
		jobs_look();
		run_line(line);
	}
	return last_status;
}

/* The script is not its programs' business. */
static int run_script(const char *name)
{
	int fd = open(name, O_RDONLY);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (!file) {
		perror(name);
		return STATUS_NO_FILE;
	}
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return run_file(file);
}

int main(int argc, char **argv)
{
	bool words = argc > 2 && !strcmp(argv[1], "-c");
	bool prompts = argc == 1 && isatty(STDIN_FILENO);

	jobs_begin(prompts);
	run_begin(argc > 1 && !words ? argc - 1 : argc, argc > 1 && !words ? argv + 1 : argv);
	if (words)
		return run_line(argv[2]);
	if (argc > 1)
		return run_script(argv[1]);
	return prompts ? prompt_run() : run_file(stdin);
}
