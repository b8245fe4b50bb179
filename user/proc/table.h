/*
 * The processes: parents, groups, families, ends and who waits for them.  Nothing here calls the
 * kernel.
 *
 *   FREE --process_new--> ALIVE --process_ends--> ENDING --process_gone--> ENDED --> FREE
 *
 * ENDING: its status is known, its task is on its way out.  ENDED: only its parent's wait is left;
 * without a parent it is FREE at once.
 *
 * A family is a child of the first process with all that descends from it: what a fork without end
 * can fill.  The last pids are for new children of the first process alone, so that a shell can
 * still run something.  A pid that a group or a family is named after is not given to another, and
 * counts like a process of theirs.
 */
#ifndef USER_PROC_TABLE_H
#define USER_PROC_TABLE_H

#include "lib/list.h"
#include "user/lib/protocol/proc.h"

#define FIRST_PID 1u
#define FAMILY_MAX 216u
#define PIDS_FOR_FIRST 16u

enum process_state { PROCESS_FREE, PROCESS_ALIVE, PROCESS_ENDING, PROCESS_ENDED };

struct process {
	enum process_state state;
	u32 parent; /* 0: none, or none that lives */
	struct list children, sibling;
	u32 group, family;
	u32 status; /* from ENDING on */
	bool waits; /* a PROC_WAIT is kept, for this child (0: any): */
	u32 waits_for;
	char path[PATH_MAX];
};

/* The process of a pid that is in use, else NULL. */
struct process *process_at(u32 pid);
/* The same if it has not ended yet. */
struct process *process_alive(u32 pid);

/* Once, first. */
void processes_init(void);

/* A new one, of its parent's group and family; its pid, or 0: EAGAIN. */
u32 process_new(u32 parent);
/* The first one; its pid, 0: it is there already. */
u32 process_first(void);
/* One that could not be made is as if it had never been. */
void process_undo(u32 pid);

/*
 * What is kept for a restart, in 24 bits, and made anew of it.  When all are there, those whose
 * parents are not have none.
 */
u32 process_note(u32 pid);
void process_restore(u32 pid, u32 note);
void processes_restored(void);

/* Its end has begun; false: it had before. */
bool process_ends(u32 pid, u32 status);
/*
 * Its task is gone.  The children have no parent any more; those that had ended are FREE.  True: a
 * parent can wait for it.
 */
bool process_gone(u32 pid);
/* The parent has been told. */
void process_waited(u32 pid);

/*
 * What a wait of `parent` for `wanted` (0: any) finds: the pid of an ended child; 0 and *error =
 * ECHILD: there is no such child; 0 and *error = 0: none has ended yet.
 */
u32 process_find_ended(u32 parent, u32 wanted, u32 *error);

/* What a process is called: the last name of its path; "?": that is not known. */
const char *path_name(const char *path);

/* 0; ESRCH: not the caller or its child; EPERM: no such group. */
u32 process_set_group(u32 caller, u32 pid, u32 group);

#endif
