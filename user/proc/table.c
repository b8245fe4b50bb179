/* Who is whose child, and what is left of it: see table.h. */
#include "user/proc/table.h"

#include "user/lib/errno.h"

static struct process processes[PIDS];
static u32 last_pid, in_use;
static u32 family_size[PIDS]; /* processes that are of this family */
/* How many have this pid as their group's or family's name. */
static u32 named_after[PIDS];

void processes_init(void)
{
	for (u32 i = 0; i < PIDS; i++) {
		list_init(&processes[i].children);
		list_init(&processes[i].sibling);
	}
}

struct process *process_at(u32 pid)
{
	return pid && pid < PIDS && processes[pid].state != PROCESS_FREE ? &processes[pid] : NULL;
}

struct process *process_alive(u32 pid)
{
	struct process *process = process_at(pid);

	return process && process->state == PROCESS_ALIVE ? process : NULL;
}

/* ---- Pids ---- */

/* In turn, so that a pid is not soon another's. */
static u32 free_pid(void)
{
	for (u32 i = 0; i < PIDS; i++) {
		last_pid = last_pid % (PIDS - 1) + 1;
		if (last_pid != FIRST_PID && !process_at(last_pid) && !named_after[last_pid])
			return last_pid;
	}
	return 0;
}

static bool is_of(u32 pid, u32 family)
{
	return process_at(pid) && (!family || processes[pid].family == family);
}

/* A pid that is only a name is as taken as a process: by those that have it as a name. */
static bool names_one_of(u32 pid, u32 family)
{
	for (u32 i = 1; i < PIDS; i++)
		if (is_of(i, family) && (processes[i].group == pid || processes[i].family == pid))
			return true;
	return false;
}

/* How many pids a family has taken, 0: all together. */
static u32 taken_by(u32 family)
{
	u32 taken = 0;

	for (u32 pid = 1; pid < PIDS; pid++)
		taken += is_of(pid, family) ||
			 (!process_at(pid) && named_after[pid] && names_one_of(pid, family));
	return taken;
}

/* A process takes three at most, itself and two names: of few it is clear without counting. */
static bool has_room(u32 family, u32 size, u32 limit)
{
	return 3 * size < limit || taken_by(family) < limit;
}

static bool may_have_child(u32 parent)
{
	u32 family = processes[parent].family;

	return parent == FIRST_PID || (has_room(family, family_size[family], FAMILY_MAX) &&
					      has_room(0, in_use, PIDS - 1 - PIDS_FOR_FIRST));
}

static void begin(u32 pid, u32 parent, u32 group, u32 family)
{
	struct process *process = &processes[pid];

	process->state = PROCESS_ALIVE;
	process->parent = parent;
	process->group = group;
	process->family = family;
	process->status = 0;
	process->waits = false;
	process->path[0] = 0;
	if (parent)
		list_append(&processes[parent].children, &process->sibling);
	in_use++;
	family_size[family]++;
	named_after[family]++;
	named_after[group]++;
}

static void end(struct process *process)
{
	list_remove(&process->sibling);
	in_use--;
	family_size[process->family]--;
	named_after[process->family]--;
	named_after[process->group]--;
	process->state = PROCESS_FREE;
}

u32 process_new(u32 parent)
{
	u32 pid = process_alive(parent) && may_have_child(parent) ? free_pid() : 0;

	if (pid)
		begin(pid, parent, processes[parent].group,
			parent == FIRST_PID ? pid : processes[parent].family);
	return pid;
}

u32 process_first(void)
{
	if (process_at(FIRST_PID))
		return 0;
	begin(FIRST_PID, 0, FIRST_PID, FIRST_PID);
	return FIRST_PID;
}

void process_undo(u32 pid) { end(&processes[pid]); }

/* ---- Restart ---- */

u32 process_note(u32 pid)
{
	const struct process *process = &processes[pid];

	return process->parent | process->group << 8 | process->family << 16;
}

void process_restore(u32 pid, u32 note)
{
	begin(pid, note & 0xFFu, (note >> 8) & 0xFFu, (note >> 16) & 0xFFu);
}

static void leave(struct process *child)
{
	list_remove(&child->sibling);
	child->parent = 0;
}

void processes_restored(void)
{
	for (u32 i = 1; i < PIDS; i++)
		if (process_at(i) && !process_at(processes[i].parent))
			leave(&processes[i]);
}

/* ---- The end ---- */

bool process_ends(u32 pid, u32 status)
{
	struct process *process = process_alive(pid);

	if (!process)
		return false;
	process->state = PROCESS_ENDING;
	process->status = status;
	return true;
}

static void leave_children(struct process *process)
{
	list_for_each_safe(node, &process->children)
	{
		struct process *child = list_entry(node, struct process, sibling);

		leave(child);
		if (child->state == PROCESS_ENDED)
			end(child);
	}
}

bool process_gone(u32 pid)
{
	struct process *process = &processes[pid];

	process->waits = false;
	leave_children(process);
	if (process->parent)
		process->state = PROCESS_ENDED;
	else
		end(process);
	return process->parent;
}

void process_waited(u32 pid) { end(&processes[pid]); }

u32 process_find_ended(u32 parent, u32 wanted, u32 *error)
{
	*error = ECHILD;
	list_for_each(node, &processes[parent].children) {
		const struct process *child = list_entry(node, struct process, sibling);
		u32 pid = (u32)(child - processes);

		if (wanted && wanted != pid)
			continue;
		*error = 0;
		if (child->state == PROCESS_ENDED)
			return pid;
	}
	return 0;
}

/* ---- Groups ---- */

/* One may join the group of a process that is there. */
static bool group_is_there(u32 group)
{
	for (u32 i = 1; i < PIDS; i++)
		if (process_at(i) && processes[i].group == group)
			return true;
	return false;
}

u32 process_set_group(u32 caller, u32 pid, u32 group)
{
	struct process *process = process_alive(pid ? pid : caller);

	if (!pid)
		pid = caller;
	if (!process || (pid != caller && process->parent != caller))
		return ESRCH;
	if (!group)
		group = pid;
	if (group != pid && !group_is_there(group))
		return EPERM;
	named_after[process->group]--;
	named_after[group]++;
	process->group = group;
	return 0;
}

const char *path_name(const char *path)
{
	const char *name = path;

	for (; *path; path++)
		if (*path == '/')
			name = path + 1;
	return *name ? name : "?";
}
