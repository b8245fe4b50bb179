/* What the shell has started: pipelines, until they have ended and that was told. */
#ifndef USER_SH_JOBS_H
#define USER_SH_JOBS_H

#include "user/lib/c/unistd.h"

#define JOBS_MAX 33u

struct job;

/* Whether each job is a group of its own, which the interrupt key can end. */
void jobs_begin(bool groups);
/* In a child: they are the shell's, which alone waits for them. */
void jobs_are_not_ours(void);
/* NULL: there are too many, said.  Those in the background leave one for what runs in front. */
struct job *job_new(const char *text, u32 length, bool background);
void job_add(struct job *job, pid_t pid);
/* In front until all of it has ended: the status of its last process. */
int job_wait(struct job *job);
/* Whether the interrupt key came while a job was in front, since the last call of this. */
bool jobs_interrupted(void);
/* Goes on by itself; said at a prompt. */
void job_leave(struct job *job);
/* The last process of the job that was left last; 0: none was. */
pid_t jobs_left(void);

/* Tells which jobs have ended meanwhile. */
void jobs_look(void);
void jobs_list(void);
/* "%2", or "2"; NULL: the newest one.  NULL: there is none, which is said. */
struct job *job_find(const char *name);
int job_kill(struct job *job);
/* Says its text, as fg does. */
void job_say(const struct job *job);
/* The status of the last one. */
int jobs_wait(void);

#endif
