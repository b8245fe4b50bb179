/* Jobs: see jobs.h. */
#include "user/sh/jobs.h"

#include "lib/compiler.h"
#include "lib/string.h"
#include "user/lib/c/stdio.h"
#include "user/lib/c/stdlib.h"
#include "user/lib/c/sys_wait.h"
#include "user/lib/posix/terminal.h"
#include "user/lib/protocol/proc.h"
#include "user/sh/parse.h"

#define TEXT_MAX 128u

struct job {
	bool used;
	u32 age; /* later ones have more */
	pid_t group;
	u32 processes;
	pid_t pid[COMMANDS_MAX]; /* 0: has ended */
	pid_t last;              /* of them, for people */
	int status;              /* of the last one */
	char text[TEXT_MAX];
};

static struct job jobs[JOBS_MAX];
static bool have_groups, interrupted, not_ours;
static u32 newest;
static pid_t left; /* by `&`, its last process */

void jobs_begin(bool groups) { have_groups = groups; }
void jobs_are_not_ours(void) { not_ours = true; }

static u32 number_of(const struct job *job) { return (u32)(job - jobs) + 1; }

struct job *job_new(const char *text, u32 length, bool background)
{
	for (u32 i = 0; i < JOBS_MAX - background; i++) {
		struct job *job = &jobs[i];

		if (job->used)
			continue;
		memset(job, 0, sizeof(*job));
		job->used = true;
		job->age = ++newest;
		strlcpy(job->text, text, MIN(length + 1, TEXT_MAX));
		return job;
	}
	fprintf(stderr, "sh: there are %u jobs already\n", JOBS_MAX - background);
	return NULL;
}

void job_add(struct job *job, pid_t pid)
{
	if (!job->group)
		job->group = pid;
	if (have_groups)
		setpgid(pid, job->group);
	job->pid[job->processes++] = job->last = pid;
}

/* ---- Ends ---- */

static bool has_ended(const struct job *job)
{
	for (u32 i = 0; i < job->processes; i++)
		if (job->pid[i])
			return false;
	return true;
}

/* A child that nobody knows any more was killed. */
static void look_at(struct job *job, u32 i, int options)
{
	int status = (int)STATUS_BY_KILL;
	pid_t ended = job->pid[i] ? waitpid(job->pid[i], &status, options) : 0;

	if (!ended || (ended < 0 && errno != ECHILD))
		return;
	job->pid[i] = 0;
	if (i == job->processes - 1)
		job->status = status;
}

static int wait_for(struct job *job)
{
	for (u32 i = 0; i < job->processes; i++)
		while (job->pid[i])
			look_at(job, i, 0);
	job->used = false;
	return job->status;
}

int job_wait(struct job *job)
{
	int status;

	if (not_ours) {
		fprintf(stderr, "sh: only the shell itself can wait for its jobs\n");
		return 1;
	}
	if (have_groups && job->processes)
		terminal_set_front((u32)job->group);
	status = wait_for(job);
	if (have_groups)
		interrupted |= terminal_set_front(0);
	return status;
}

bool jobs_interrupted(void)
{
	bool was = interrupted;

	interrupted = false;
	return was;
}

void job_leave(struct job *job)
{
	if (!job->processes) {
		job->used = false;
		return;
	}
	left = job->last;
	if (have_groups)
		printf("[%u] %d\n", number_of(job), left);
}

pid_t jobs_left(void) { return left; }

void jobs_look(void)
{
	for (u32 n = 0; n < JOBS_MAX && !not_ours; n++) {
		struct job *job = &jobs[n];

		for (u32 i = 0; job->used && i < job->processes; i++)
			look_at(job, i, WNOHANG);
		if (!job->used || !has_ended(job))
			continue;
		if (have_groups)
			printf("[%u] ended with %d: %s\n", n + 1, job->status, job->text);
		job->used = false;
	}
}

int jobs_wait(void)
{
	int status = 0;

	for (u32 n = 0; n < JOBS_MAX && !interrupted; n++)
		if (jobs[n].used)
			status = job_wait(&jobs[n]);
	return status;
}

/* ---- By number ---- */

/* Not the one in front that asks: it has no processes yet, or is the shell itself. */
void jobs_list(void)
{
	for (u32 n = 0; n < JOBS_MAX; n++)
		if (jobs[n].used && jobs[n].last)
			printf("[%u] %d: %s\n", n + 1, jobs[n].last, jobs[n].text);
}

static struct job *find_newest(void)
{
	struct job *found = NULL;

	for (u32 n = 0; n < JOBS_MAX; n++)
		if (jobs[n].used && jobs[n].last && (!found || jobs[n].age > found->age))
			found = &jobs[n];
	return found;
}

struct job *job_find(const char *name)
{
	u32 number = name ? (u32)atoi(name + (*name == '%')) : 0;
	struct job *found = name ? NULL : find_newest();

	if (number >= 1 && number <= JOBS_MAX && jobs[number - 1].used)
		found = &jobs[number - 1];
	if (!found)
		fprintf(stderr, "sh: no job %s\n", name ? name : "in the background");
	return found;
}

static int kill_each(const struct job *job)
{
	int error = 0;

	for (u32 i = 0; i < job->processes; i++)
		if (job->pid[i])
			error |= kill(job->pid[i]);
	return error;
}

int job_kill(struct job *job) { return have_groups ? kill(-job->group) : kill_each(job); }

void job_say(const struct job *job) { puts(job->text); }
