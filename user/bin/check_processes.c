/*
 * Processes, tried from inside: fork, exec, wait, kill, memory, and what a bad one can do.  Prints
 * a line for each check, as TAP has them; its status is 0 if all were good.  With a word: those
 * checks alone whose names begin with it.
 */
#include "lib/compiler.h"
#include "lib/string.h"
#include "user/lib/ask.h"
#include "user/lib/c/stdio.h"
#include "user/lib/c/stdlib.h"
#include "user/lib/c/sys_wait.h"
#include "user/lib/c/time.h"
#include "user/lib/c/unistd.h"
#include "user/lib/layout.h"
#include "user/lib/message.h"
#include "user/lib/protocol/pager.h"
#include "user/lib/protocol/proc.h"
#include "user/lib/thread.h"

#define PAGE_FAULT_STATUS (128 + 14)
#define CROWD 200
#define FULL 216u /* processes of one family, and the first */

static bool good;

#define CHECK(cond, ...)                                                                           \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			good = false;                                                              \
			printf("# line %d: %s: ", __LINE__, #cond);                                \
			printf(__VA_ARGS__);                                                       \
			printf("\n");                                                              \
		}                                                                                  \
	} while (0)
/* `seen` is made once. */
#define CHECK_EQUAL(seen, expected)                                                                \
	do {                                                                                       \
		__typeof__(seen) was = (seen);                                                     \
		CHECK(was == (expected), #seen " is %d, not %d", was, (expected));                 \
	} while (0)

/* What the child's end is to the parent. */
static int status_of(pid_t pid)
{
	int status = -1;
	pid_t ended = waitpid(pid, &status, 0);

	CHECK_EQUAL(ended, pid);
	return status;
}

/* A child that does this and exits. */
static pid_t child(int (*run)(void))
{
	pid_t pid = fork();

	if (!pid)
		_exit(run());
	CHECK(pid > 0, "errno %d", errno);
	return pid;
}

/* ---- fork, wait, exec ---- */

static volatile int shared = 1;
static volatile int zeros[3000];

static int change_data(void)
{
	int before = shared + zeros[2500];

	shared = 7;
	zeros[2500] = 7;
	return before;
}

static void fork_copies(void)
{
	volatile int on_stack = 3;
	pid_t pid;

	shared = 1;
	zeros[0] = 5;
	pid = child(change_data);
	shared = 2;
	CHECK_EQUAL(status_of(pid), 1);
	CHECK_EQUAL(shared, 2);
	CHECK_EQUAL(zeros[2500], 0);
	CHECK_EQUAL(zeros[0] + on_stack, 8);
}

static int leave_at_once(void) { return 9; }
static int wait_for_ever(void)
{
	for (;;)
		sleep(1000);
	return 0;
}

static int leave_late(void)
{
	usleep(20000);
	return 9;
}

static void wait_finds(void)
{
	pid_t first = child(leave_at_once), second = child(wait_for_ever);
	int status = 0;

	CHECK_EQUAL(status_of(first), 9);
	CHECK_EQUAL(waitpid(first, &status, 0), -1);
	CHECK_EQUAL(errno, ECHILD);
	CHECK_EQUAL(waitpid(-1, &status, WNOHANG), 0);
	CHECK_EQUAL(kill(second), 0);
	CHECK_EQUAL(waitpid(-1, &status, 0), second);
	CHECK_EQUAL(status, (int)STATUS_BY_KILL);
	CHECK_EQUAL(waitpid(-1, &status, 0), -1);
	/* One whose end is waited for is told once, too. */
	CHECK_EQUAL(status_of(child(leave_late)), 9);
	CHECK_EQUAL(waitpid(-1, &status, WNOHANG), -1);
	CHECK_EQUAL(kill(second), -1);
	CHECK_EQUAL(errno, ESRCH);
}

static int have_a_child_and_leave(void)
{
	child(wait_for_ever);
	return 0;
}

static int setgroup_and_leave_a_child(void)
{
	setpgid(0, 0);
	return have_a_child_and_leave();
}

/* An orphan is nobody's child; its group is what is left to find it by. */
static void orphans(void)
{
	pid_t pid = child(setgroup_and_leave_a_child);
	int status;

	CHECK_EQUAL(status_of(pid), 0);
	CHECK_EQUAL(waitpid(-1, &status, WNOHANG), -1);
	CHECK_EQUAL(kill(-pid), 0);
}

static char *const self_again[] = { (char *)"/bin/check_processes", (char *)"-status", NULL };

static int become_another(void)
{
	execvp(self_again[0], self_again);
	return 1;
}

static int become_nothing(void)
{
	char *words[] = { (char *)"/bin/no-such-program", NULL };

	return execvp(words[0], words) == -1 && errno == ENOENT ? 4 : 1;
}

static void exec_replaces(void)
{
	pid_t pid = child(become_another);

	CHECK_EQUAL(status_of(pid), (int)(pid & 127));
	CHECK_EQUAL(status_of(child(become_nothing)), 4);
	pid = spawnvp(self_again[0], self_again);
	CHECK_EQUAL(status_of(pid), (int)(pid & 127));
}

/* ---- Ends ---- */

static int touch_nothing(void) { return *(volatile int *)shared; }
static int write_to_text(void)
{
	*(volatile char *)(uintptr_t)touch_nothing = 1;
	return 0;
}
static int divide(void)
{
	u32 zero = 0;

	__asm__ volatile("divl %0" : "+c"(zero) : : "eax", "edx");
	return 0;
}
static int trap(void) { __builtin_trap(); }
static int float_it(void)
{
	__asm__ volatile("fld1");
	return 0;
}
static int jump_to_data(void)
{
	static char code[] = { '\xC3' };

	((void (*)(void))(uintptr_t)code)();
	return 0;
}

static void crash_in_thread(void *unused)
{
	(void)unused;
	touch_nothing();
}

static int thread_that_crashes(void)
{
	thread_run(&(struct thread_plan){ 0, 40, 8, 0, crash_in_thread, NULL });
	return wait_for_ever();
}

static void crashes(void)
{
	shared = 3;
	CHECK_EQUAL(status_of(child(touch_nothing)), PAGE_FAULT_STATUS);
	CHECK_EQUAL(status_of(child(write_to_text)), PAGE_FAULT_STATUS);
	CHECK_EQUAL(status_of(child(divide)), 128 + 0);
	CHECK_EQUAL(status_of(child(trap)), 128 + 6);
	CHECK_EQUAL(status_of(child(float_it)), 128 + 7);
	CHECK_EQUAL(status_of(child(thread_that_crashes)), PAGE_FAULT_STATUS);
	/* Where the CPU has no NX bit the jump is no fault. */
	CHECK(status_of(child(jump_to_data)) % PAGE_FAULT_STATUS == 0, "jump to data");
}

static void group_is_killed(void)
{
	pid_t first = child(wait_for_ever), second = child(wait_for_ever);

	CHECK_EQUAL(setpgid(first, 0), 0);
	CHECK_EQUAL(setpgid(second, first), 0);
	CHECK_EQUAL(setpgid(second, 254), -1);
	CHECK_EQUAL(kill(-first), 0);
	CHECK_EQUAL(status_of(first), (int)STATUS_BY_KILL);
	CHECK_EQUAL(status_of(second), (int)STATUS_BY_KILL);
	CHECK_EQUAL(kill(-first), -1);
}

/* ---- Memory ---- */

static u32 own_pages(void)
{
	struct info_task info = { 0 };

	sys_info(0, INFO_TASK, 0, (u32)(uintptr_t)&info, sizeof(info));
	return info.pages;
}

static void heap_grows_and_shrinks(void)
{
	u32 before = own_pages();
	char *start = sbrk(1000 * PAGE);

	for (u32 i = 0; i < 1000; i++)
		start[i * PAGE] = 1;
	CHECK(own_pages() >= before + 1000, "%u pages", own_pages());
	CHECK(sbrk(-1000 * (int)PAGE) != (void *)-1, "errno %d", errno);
	CHECK(own_pages() < before + 16, "%u pages, %u before", own_pages(), before);
	CHECK(sbrk(PAGE) == start, "elsewhere");
	CHECK(!start[0], "not zero");
	sbrk(-(int)PAGE);
	/* No page of it is there. */
	CHECK(sbrk(0x60000000) != (void *)-1, "errno %d", errno);
	CHECK(sbrk(0x60000000) == (void *)-1, "there is no such heap");
	sbrk(-0x60000000);
}

static int touch_beyond_the_heap(void)
{
	char *end = sbrk(0);

	return end[2 * PAGE];
}

static u32 deep(u32 n)
{
	volatile char room[1000];

	room[0] = (char)n;
	return n ? deep(n - 1) + (u32)room[0] * 0 + 1 : 0;
}

static int endless(void) { return (int)deep(10000000); }

static void stack_grows(void)
{
	CHECK_EQUAL((int)deep(800), 800);
	CHECK_EQUAL(status_of(child(endless)), PAGE_FAULT_STATUS);
	CHECK_EQUAL(status_of(child(touch_beyond_the_heap)), PAGE_FAULT_STATUS);
}

static int eat_memory(void)
{
	char *start;

	while ((start = sbrk(256 * PAGE)) != (void *)-1)
		for (u32 i = 0; i < 256; i++)
			start[i * PAGE] = 1;
	return 0;
}

static void memory_runs_out(void)
{
	CHECK_EQUAL(status_of(child(eat_memory)), PAGE_FAULT_STATUS);
	fork_copies();
}

/* ---- Many ---- */

static int bomb(void)
{
	setpgid(0, 0);
	for (;;)
		fork();
	return 0;
}

static u32 processes(void)
{
	static struct proc_entry entries[PIDS + SERVERS];
	struct ask request = {
		.label = PROC_LIST, .word = { 1 }, .place = entries, .room = sizeof(entries)
	};
	u32 count = 0;

	ask(SLOT_PROC, &request);
	for (u32 i = 0; i < request.got / sizeof(entries[0]); i++)
		count += !entries[i].server;
	return count;
}

/* It fills its family, and everybody else goes on. */
static void fork_without_end(void)
{
	u32 before = processes();
	pid_t pid = child(bomb);

	while (processes() < FULL)
		usleep(10000);
	CHECK_EQUAL(kill(-pid), 0);
	CHECK_EQUAL(status_of(pid), (int)STATUS_BY_KILL);
	while (processes() > before)
		usleep(10000);
	fork_copies();
}

static void crowd(void)
{
	static pid_t pids[CROWD];
	int made = 0;

	while (made < CROWD && (pids[made] = fork()) > 0)
		made++;
	if (made < CROWD && !pids[made])
		_exit(wait_for_ever());
	CHECK_EQUAL(made, CROWD);
	for (int i = 0; i < made; i++)
		CHECK_EQUAL(kill(pids[i]), 0);
	for (int i = 0; i < made; i++)
		CHECK_EQUAL(status_of(pids[i]), (int)STATUS_BY_KILL);
}

/* ---- Garbage ---- */

static u32 seed;

static u32 draw(void)
{
	seed = seed * 1664525u + 1013904223u;
	return seed >> 8;
}

/* Labels that a server knows, and others; words of any size; a string, a handle or neither. */
static void send_garbage(u32 slot)
{
	static char text[DATA_MAX];
	static const char letters[] = "/bn.\n";
	struct message *message = message_own();
	u32 label = draw() % 4 ? draw() % 16 : draw() & 0xFFFFu, items = draw() % 3;

	for (u32 i = 2; i < MESSAGE_WORDS; i++)
		message->word[i] = draw() % 2 ? draw() % 300 : draw() << draw() % 24;
	for (u32 i = 0; i < 20; i++)
		text[i] = letters[draw() % sizeof(letters)];
	message_close_places();
	for (u32 i = 0; i < items; i++) {
		if (draw() % 2)
			message_put_string(
				i, text, draw() % (slot == SLOT_CON ? 64 : sizeof(text)));
		else
			message_put_handle(i, SLOT_PROC + draw() % 6, RIGHT_SEND, 0);
	}
	/* Above all pids and groups: it does not kill those who look on. */
	ipc_call(slot, TAG(label, draw() % (MESSAGE_WORDS + 1), items), (draw() << 16) + 1000,
		draw(), 20000);
}

static int garbage(void)
{
	for (u32 i = 0; i < 400; i++)
		send_garbage(SLOT_PROC + draw() % 6);
	return 0;
}

static void servers_take_garbage(void)
{
	for (u32 i = 0; i < 8; i++) {
		seed = i;
		status_of(child(garbage));
	}
	/* The console may still be full of it. */
	while (write(STDOUT_FILENO, "\n", 1) < 0 && errno == EAGAIN)
		usleep(10000);
	fork_copies();
	exec_replaces();
}

/* ---- proc itself ---- */

static u32 kill_server(u32 server)
{
	return ask(SLOT_PROC,
		&(struct ask){ .label = PROC_KILL, .word = { PIDS + server, KILL_SERVER } });
}

static int fork_and_wait(void)
{
	for (;;) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
	return 0;
}

/* In the midst of whatever it does for others. */
static void proc_dies_often(void)
{
	u32 before = processes();
	pid_t pid = child(fork_and_wait);

	for (u32 i = 0; i < 10; i++) {
		CHECK_EQUAL((int)kill_server(SERVER_PROC), EIO);
		usleep(1000 * i);
	}
	CHECK_EQUAL(kill(pid), 0);
	CHECK_EQUAL(status_of(pid), (int)STATUS_BY_KILL);
	fork_copies();
	CHECK(processes() <= before, "%u processes, %u before", processes(), before);
}

/* Its own end is the answer; then another one serves, and knows who is there. */
static void proc_dies(void)
{
	pid_t pid = child(wait_for_ever), group = pid;

	CHECK_EQUAL(setpgid(pid, 0), 0);
	CHECK_EQUAL((int)kill_server(SERVER_PROC), EIO);
	CHECK_EQUAL((int)kill_server(SERVER_PAGER), EPERM);
	CHECK_EQUAL((int)kill_server(SERVERS), ESRCH);
	CHECK_EQUAL(waitpid(pid, NULL, WNOHANG), 0);
	CHECK_EQUAL(kill(-group), 0);
	CHECK_EQUAL(status_of(pid), (int)STATUS_BY_KILL);
	fork_copies();
	wait_finds();
	exec_replaces();
	crashes();
}

/* A child that has ended by the time that this returns: its ends of pipes are closed. */
static pid_t ended_child(void)
{
	char byte;
	int fd[2];
	pid_t pid;

	CHECK_EQUAL(pipe(fd), 0);
	pid = child(leave_at_once);
	close(fd[1]);
	CHECK_EQUAL((int)read(fd[0], &byte, 1), 0);
	close(fd[0]);
	return pid;
}

static int leave_a_child(void)
{
	ended_child();
	return 0;
}

/* Statuses that nobody has waited for outlive it, until somebody does. */
static void proc_remembers(void)
{
	u32 before = processes();
	pid_t pid = ended_child(), other = child(leave_a_child);

	CHECK_EQUAL(status_of(other), 0);
	CHECK_EQUAL((int)kill_server(SERVER_PROC), EIO);
	CHECK_EQUAL(status_of(pid), 9);
	CHECK_EQUAL((int)kill_server(SERVER_PROC), EIO);
	CHECK_EQUAL(waitpid(-1, NULL, 0), -1);
	CHECK_EQUAL(errno, ECHILD);
	for (u32 i = 0; i < 10; i++) {
		pid = child(i % 2 ? touch_nothing : leave_at_once);
		CHECK_EQUAL((int)kill_server(SERVER_PROC), EIO);
		CHECK_EQUAL(status_of(pid), i % 2 ? PAGE_FAULT_STATUS : 9);
	}
	CHECK_EQUAL((int)processes(), (int)before);
}

static const struct {
	const char *name;
	void (*run)(void);
} checks[] = {
	{ "fork", fork_copies },
	{ "wait", wait_finds },
	{ "orphans", orphans },
	{ "exec", exec_replaces },
	{ "crashes", crashes },
	{ "group", group_is_killed },
	{ "heap", heap_grows_and_shrinks },
	{ "stack", stack_grows },
	{ "memory", memory_runs_out },
	{ "bomb", fork_without_end },
	{ "crowd", crowd },
	{ "garbage", servers_take_garbage },
	{ "proc", proc_dies },
	{ "often", proc_dies_often },
	{ "remembers", proc_remembers },
};

int main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : "";
	u32 failed = 0;

	if (!strcmp(only, "-status"))
		return getpid() & 127;
	for (u32 i = 0; i < ARRAY_SIZE(checks); i++) {
		if (strncmp(checks[i].name, only, strlen(only)) != 0)
			continue;
		good = true;
		checks[i].run();
		printf("%s - %s\n", good ? "ok" : "not ok", checks[i].name);
		failed += !good;
	}
	printf("# %u failed\n", failed);
	return failed != 0;
}
