/* user/proc/table.c: processes against a plain model, with every end, wait and limit. */
#include "host.h"

#include "user/lib/errno.h"
#include "user/proc/table.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct {
	enum process_state state;
	u32 parent, group, family, status;
} model[PIDS];

static void begin(void)
{
	for (u32 pid = 1; pid < PIDS; pid++)
		if (process_at(pid))
			process_undo(pid);
	memset(model, 0, sizeof(model));
	processes_init();
	CHECK_EQUAL(process_first(), FIRST_PID);
	CHECK_EQUAL(process_first(), 0);
	model[FIRST_PID].state = PROCESS_ALIVE;
	model[FIRST_PID].group = model[FIRST_PID].family = FIRST_PID;
}

static bool is_alive(u32 pid) { return pid < PIDS && model[pid].state == PROCESS_ALIVE; }

static bool is_name(u32 pid)
{
	for (u32 i = 1; i < PIDS; i++)
		if (model[i].state && (model[i].group == pid || model[i].family == pid))
			return true;
	return false;
}

/* Pids of processes, and those that are only names. */
static u32 count_taken(u32 family)
{
	bool taken[PIDS] = { false };
	u32 n = 0;

	for (u32 i = 1; i < PIDS; i++) {
		if (!model[i].state || (family && model[i].family != family))
			continue;
		taken[i] = true;
		taken[model[i].family] |= !model[model[i].family].state;
		taken[model[i].group] |= !model[model[i].group].state;
	}
	for (u32 i = 1; i < PIDS; i++)
		n += taken[i];
	return n;
}

static bool any_pid_is_free(void)
{
	for (u32 i = 2; i < PIDS; i++)
		if (!model[i].state && !is_name(i))
			return true;
	return false;
}

static bool may_fork(u32 parent)
{
	if (!is_alive(parent) || !any_pid_is_free())
		return false;
	return parent == FIRST_PID || (count_taken(model[parent].family) < FAMILY_MAX &&
					      count_taken(0) < PIDS - 1 - PIDS_FOR_FIRST);
}

static void new_one(u32 parent)
{
	u32 pid = process_new(parent);

	CHECK_EQUAL(pid != 0, may_fork(parent));
	if (!pid)
		return;
	CHECK(pid < PIDS && !model[pid].state && !is_name(pid), "pid %u is taken", pid);
	model[pid].state = PROCESS_ALIVE;
	model[pid].parent = parent;
	model[pid].group = model[parent].group;
	model[pid].family = parent == FIRST_PID ? pid : model[parent].family;
}

static void end_one(u32 pid)
{
	u32 status = random_below(256);

	CHECK_EQUAL(process_ends(pid, status), is_alive(pid));
	if (!is_alive(pid))
		return;
	model[pid].state = PROCESS_ENDING;
	model[pid].status = status;
}

static void gone_one(u32 pid)
{
	if (!pid || model[pid].state != PROCESS_ENDING)
		return;
	CHECK_EQUAL(process_gone(pid), model[pid].parent != 0);
	model[pid].state = model[pid].parent ? PROCESS_ENDED : PROCESS_FREE;
	for (u32 i = 1; i < PIDS; i++) {
		if (!model[i].state || model[i].parent != pid)
			continue;
		model[i].parent = 0;
		if (model[i].state == PROCESS_ENDED)
			model[i].state = PROCESS_FREE;
	}
}

static void wait_one(u32 parent, u32 wanted)
{
	u32 error, pid, children = 0, ended = 0;

	if (!is_alive(parent))
		return;
	for (u32 i = 1; i < PIDS; i++) {
		bool mine = model[i].state && model[i].parent == parent && (!wanted || wanted == i);

		children += mine;
		ended += mine && model[i].state == PROCESS_ENDED;
	}
	pid = process_find_ended(parent, wanted, &error);
	CHECK_EQUAL(pid != 0, ended != 0);
	CHECK_EQUAL(error, children ? 0 : ECHILD);
	if (!pid)
		return;
	CHECK(model[pid].state == PROCESS_ENDED && model[pid].parent == parent, "pid %u", pid);
	CHECK_EQUAL(process_at(pid)->status, model[pid].status);
	process_waited(pid);
	model[pid].state = PROCESS_FREE;
}

static void group_one(u32 caller, u32 pid, u32 group)
{
	u32 target = pid ? pid : caller, wanted = group ? group : target, members = 0, expected = 0;

	if (!is_alive(caller))
		return;
	for (u32 i = 1; i < PIDS; i++)
		members += model[i].state && model[i].group == wanted;
	if (!is_alive(target) || (target != caller && model[target].parent != caller))
		expected = ESRCH;
	else if (wanted != target && !members)
		expected = EPERM;
	CHECK_EQUAL(process_set_group(caller, pid, group), expected);
	if (!expected)
		model[target].group = wanted;
}

static void compare(void)
{
	for (u32 pid = 1; pid < PIDS; pid++) {
		const struct process *process = process_at(pid);

		CHECK_EQUAL(process ? process->state : PROCESS_FREE, model[pid].state);
		if (!process)
			continue;
		CHECK_EQUAL(process->parent, model[pid].parent);
		CHECK_EQUAL(process->group, model[pid].group);
		CHECK_EQUAL(process->family, model[pid].family);
	}
}

/* Few pids most of the time, so that they meet; now and then a crowd. */
static void like_the_model(void **state)
{
	(void)state;
	random_begin(71);
	begin();
	for (test_step = 0; test_step < rounds(20000); test_step++) {
		u32 most = test_step % 4000 < 1000 ? PIDS : 20, pid = random_below(most);

		switch (random_below(most == PIDS ? 9 : 14)) {
		case 0: end_one(pid == FIRST_PID && !one_in(50) ? 0 : pid); break;
		case 1: gone_one(pid); break;
		case 2: wait_one(pid, one_in(2) ? 0 : random_below(most)); break;
		case 3: group_one(pid, random_below(most), random_below(most)); break;
		default: new_one(one_in(2) ? FIRST_PID : pid); break;
		case 9:
		case 10: end_one(pid == FIRST_PID ? 0 : pid); break;
		case 11:
		case 12:
		case 13: gone_one(pid); break;
		}
		if (!process_at(FIRST_PID)) {
			CHECK_EQUAL(process_first(), FIRST_PID);
			model[FIRST_PID].state = PROCESS_ALIVE;
			model[FIRST_PID].parent = 0;
			model[FIRST_PID].group = model[FIRST_PID].family = FIRST_PID;
		}
		compare();
	}
}

/* One family cannot fill the table, and what is left is the first process' own. */
static void families_are_limited(void **state)
{
	u32 bomb, n = 1;

	(void)state;
	begin();
	bomb = process_new(FIRST_PID);
	while (process_new(bomb))
		n++;
	CHECK_EQUAL(n, FAMILY_MAX);
	while (process_new(FIRST_PID))
		n++;
	CHECK_EQUAL(n, PIDS - 2);
}

/* Who makes groups and ends those that they are named after takes no more pids than others. */
static void names_are_limited(void **state)
{
	u32 bomb, leader, member, n = 0;

	(void)state;
	begin();
	bomb = process_new(FIRST_PID);
	while ((leader = process_new(bomb)) && (member = process_new(bomb))) {
		CHECK_EQUAL(process_set_group(bomb, leader, leader), 0);
		CHECK_EQUAL(process_set_group(bomb, member, leader), 0);
		process_ends(leader, 0);
		process_gone(leader);
		process_waited(leader);
	}
	while (process_new(FIRST_PID))
		n++;
	CHECK(n >= PIDS_FOR_FIRST, "%u pids are left", n);
}

static void notes_bring_it_back(void **state)
{
	u32 child, orphan, note[3];

	(void)state;
	begin();
	child = process_new(FIRST_PID);
	orphan = process_new(child);
	CHECK_EQUAL(process_set_group(child, orphan, 0), 0);
	note[0] = process_note(FIRST_PID);
	note[1] = process_note(child);
	note[2] = process_note(orphan);
	CHECK(note[1] < 1u << 24 && note[2] < 1u << 24, "notes have 24 bits");
	process_undo(orphan);
	process_undo(child);
	process_undo(FIRST_PID);
	processes_init();
	process_restore(FIRST_PID, note[0]);
	process_restore(orphan, note[2]);
	processes_restored();
	/* The child is not there any more. */
	CHECK_EQUAL(process_at(orphan)->parent, 0);
	CHECK_EQUAL(process_at(orphan)->group, orphan);
	CHECK_EQUAL(process_at(orphan)->family, child);
}

static void names(void **state)
{
	(void)state;
	CHECK(!strcmp(path_name("/bin/ls"), "ls"), "ls");
	CHECK(!strcmp(path_name("ls"), "ls"), "ls");
	CHECK(!strcmp(path_name(""), "?") && !strcmp(path_name("/bin/"), "?"), "no name");
}

const struct CMUnitTest processes_tests[] = {
	cmocka_unit_test(like_the_model),
	cmocka_unit_test(families_are_limited),
	cmocka_unit_test(names_are_limited),
	cmocka_unit_test(notes_bring_it_back),
	cmocka_unit_test(names),
};
const size_t processes_test_count = ARRAY_SIZE(processes_tests);
