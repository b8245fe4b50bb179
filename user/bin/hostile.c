/*
 * What a bad program can do to the others: nothing.  Each word is one thing that it does; most of
 * them end only when it is killed.  Without a word all are tried, each one in a process that is
 * killed: meanwhile and afterwards a command of the shell works, no server ends, and every page is
 * given back.
 */
#include "lib/compiler.h"
#include "lib/string.h"
#include "user/lib/ask.h"
#include "user/lib/c/fcntl.h"
#include "user/lib/c/stdio.h"
#include "user/lib/c/stdlib.h"
#include "user/lib/c/sys_wait.h"
#include "user/lib/c/unistd.h"
#include "user/lib/layout.h"
#include "user/lib/message.h"
#include "user/lib/posix/system.h"
#include "user/lib/protocol/con.h"
#include "user/lib/protocol/fs.h"
#include "user/lib/protocol/pipe.h"
#include "user/lib/protocol/proc.h"
#include "user/lib/protocol/protocol.h"
#include "user/lib/thread.h"
#include "user/lib/tool/input.h"
#include "user/lib/tool/rest.h"

#define PAGE_MANY 256u
#define HOARD 0x10000000u
#define PROGRAMS 34u
#define PROGRAM_MAX 0x400000u
#define PROGRAM_PAGES 1022u
#define PROGRAM_ENTRY 0x08048FFFu
#define CROWD 180u
#define FULL 1024u   /* pages: there are no more */
#define PAUSE 20000u /* microseconds */
#define ROUNDS 6u

/* ---- Alone ---- */

static volatile u32 nowhere = 12;

static void fault(void) { *(volatile int *)nowhere = 1; }

static void loop(void)
{
	for (;;)
		continue;
}

static void loop_in_thread(void *unused)
{
	(void)unused;
	loop();
}

/* As many as there can be, of the highest priority that it may have, on all CPUs. */
static void threads(void)
{
	struct info_system *info = malloc(sizeof(*info));
	u32 cpus = info && !system_info(info) ? info->cpus : 1;

	for (u32 i = 0; i < THREADS; i++)
		thread_run(&(struct thread_plan){ i, 40 + i, 8, i % cpus, loop_in_thread, NULL });
	loop();
}

static void memory(void)
{
	char *start;

	while ((start = sbrk(PAGE_MANY * PAGE)) != (void *)-1)
		for (u32 i = 0; i < PAGE_MANY; i++)
			start[i * PAGE] = 1;
	loop();
}

/* Two together take more than there is, and what others give back, by calls of their own. */
static void hoard(void)
{
	u32 at = HOARD;

	for (fork();;)
		if (mem_alloc(0, 0, at | PROT_READ | PROT_WRITE, 1, 0).error)
			usleep(1000);
		else
			at += PAGE;
}

static void wait_in_thread(void *unused)
{
	(void)unused;
	for (;;)
		sleep(1000);
}

/* Stacks in the kernel, by processes that are small themselves. */
static void crowd(void)
{
	u32 i = 0;

	while (i < CROWD && fork())
		i++;
	for (u32 t = 0; i < CROWD && t < THREADS; t++)
		thread_run(&(struct thread_plan){ t, 40 + t, 8, 0, wait_in_thread, NULL });
	wait_in_thread(NULL);
}

/* All die at once; the status of each one arrives. */
static int storm(void)
{
	int fd[2], status, crashed = 0;
	char byte;

	pipe(fd);
	for (u32 i = 0; i < CROWD; i++)
		if (!fork()) {
			close(fd[1]);
			read(fd[0], &byte, 1);
			fault();
		}
	close(fd[1]);
	while (waitpid(-1, &status, 0) > 0)
		crashed += status == STATUS_BY_VECTOR + 14;
	printf("%d of %u crashed\n", crashed, CROWD);
	return 0;
}

/*
 * A program that loops, of the largest size, in segments that begin with a page's last byte and end
 * with another's first one.
 */
static int write_program(const char *path, u32 segments)
{
	static u8 file[PROGRAM_MAX];
	u32 *word = (u32 *)file, fd = (u32)open(path, O_WRONLY | O_CREAT);

	word[0] = 0x464C457F; /* its magic number; 32 bits, little-endian */
	word[1] = 0x10101;
	word[4] = 0x30002; /* ET_EXEC, EM_386 */
	word[5] = 1;
	word[6] = PROGRAM_ENTRY;
	word[7] = 52;
	word[10] = 52 | 32 << 16;
	word[11] = segments;
	for (u32 i = 0; i < segments; i++) {
		u32 *row = word + 13 + 8 * i;
		u32 pages = PROGRAM_PAGES / segments + (i < PROGRAM_PAGES % segments);

		row[0] = 1;
		row[1] = PAGE - 1;
		row[2] = row[3] = PROGRAM_ENTRY + i * PROGRAM_MAX;
		row[4] = row[5] = pages * PAGE + 2;
		row[6] = PROT_READ | PROT_EXEC;
		row[7] = PAGE;
	}
	file[PAGE - 1] = 0xEB;
	file[PAGE] = 0xFE;
	for (u32 at = 0; at < PROGRAM_MAX; at += DATA_MAX)
		write((int)fd, file + at, DATA_MAX);
	return close((int)fd);
}

/* Files that stay: programs that fill what proc keeps them in. */
static int programs(void)
{
	char path[16], *const program[] = { path, NULL };
	u32 ran = 0;

	for (u32 i = 0; i < PROGRAMS; i++) {
		pid_t pid;

		snprintf(path, sizeof(path), "/program%u", i);
		write_program(path, i + 1 == PROGRAMS ? 8 : 1);
		pid = spawnvp(path, program);
		ran += pid > 0 && !kill(pid) && waitpid(pid, NULL, 0) == pid;
	}
	printf("%u of %u programs ran\n", ran, PROGRAMS);
	return 0;
}

static u32 deep(u32 n)
{
	volatile char room[4000];

	room[n % 4000] = (char)n;
	return n ? deep(n - 1) + (u32)room[0] : 0;
}

static void stack(void) { deep(~0u); }

static void fork_on(void)
{
	for (;;)
		fork();
}

/* Objects and handles, until there is no slot for one more. */
static void objects(void)
{
	static const u32 kinds[] = { KIND_ENDPOINT, KIND_NOTIFICATION };

	for (u32 slot = 1; slot < HANDLES_MAX; slot++)
		obj_create(0, slot, kinds[slot % 2], 0, 0, 0);
	for (;;)
		handle_copy(0, 20, SLOT_PROC, RIGHT_SEND, 1);
}

/* ---- To the servers ---- */

#define SERVER_SLOTS 6u /* from SLOT_PROC on */

static u32 seed;

static u32 draw(void)
{
	seed = seed * 1664525u + 1013904223u;
	return seed >> 8;
}

static char text[DATA_MAX] __attribute__((aligned(4096)));

static void draw_text(void)
{
	static const char letters[] = "/bn.\n";

	for (u32 i = 0; i < 20; i++)
		text[i] = letters[draw() % sizeof(letters)];
}

/* An item of any kind; sizes, places and handles that there are, and others. */
static void put_item(u32 item, u32 slot)
{
	u32 most = slot == SLOT_CON ? 64 : sizeof(text), pages = 1 + draw() % 70;

	switch (draw() % 5) {
	case 0: message_put_string(item, text, draw() % most); break;
	case 1: message_put_handle(item, SLOT_PROC + draw() % SERVER_SLOTS, RIGHT_SEND, 0); break;
	case 2: message_put_handle(item, draw() % 600, draw() % 16, draw() % 2); break;
	case 3: message_put_pages(item, ITEM_MAP, (u32)(uintptr_t)text | PROT_READ, pages); break;
	default: message_put_pages(item, ITEM_GRANT, draw() << draw() % 8, pages); break;
	}
}

/* Labels that a server knows, and others; words of any size; items, or a wrong number of them. */
static void send_garbage(u32 slot)
{
	struct message *message = message_own();
	u32 label = draw() % 4 ? draw() % 16 : draw() & 0xFFFFu, items = draw() % 3;

	for (u32 i = 2; i < MESSAGE_WORDS; i++)
		message->word[i] = draw() % 2 ? draw() % 300 : draw() << draw() % 24;
	draw_text();
	message_close_places();
	for (u32 i = 0; i < items; i++)
		put_item(i, slot);
	/* Above all pids and groups: it does not kill those who look on. */
	ipc_call(slot, TAG(label, draw() % (MESSAGE_WORDS + 1), items), (draw() << 16) + 1000,
		draw(), 20000);
}

static void garbage(void)
{
	for (u32 i = 0; i < 400; i++)
		send_garbage(SLOT_PROC + draw() % SERVER_SLOTS);
}

/* Requests whose answers nobody takes. */
static void flood(void)
{
	for (;;)
		for (u32 slot = SLOT_PROC; slot < SLOT_PROC + SERVER_SLOTS; slot++)
			ipc_send(slot, TAG(1 + draw() % 8, 2u, 0u), 0x10000, 0x10000, 1000);
}

/* ---- What servers have only so many of ---- */

static void in_children(u32 children, void (*run)(void))
{
	for (u32 i = 0; i < children; i++)
		if (!fork()) {
			run();
			sleep(~0u);
		}
	sleep(~0u);
}

static void in_threads(void (*run)(void *unused))
{
	for (u32 i = 0; i < THREADS - 1; i++)
		thread_run(&(struct thread_plan){ i, 40 + i, 8, 0, run, NULL });
}

static void read_console(void *unused)
{
	(void)unused;
	for (;;)
		ipc_call(SLOT_CON, TAG(CON_READ, 1u, 0u), 1, 0, TIMEOUT_NEVER);
}

static void readers_of_console(void) { in_threads(read_console); }
static void readers(void) { in_children(2, readers_of_console); }

static u32 reading;

static void read_pipe(void *unused)
{
	(void)unused;
	for (;;)
		ipc_call(SLOT_PIPE, TAG(PIPE_READ, 2u, 0u), reading, 1, TIMEOUT_NEVER);
}

static void readers_of_pipe(void)
{
	struct ask request = { .label = PIPE_NEW };

	ask(SLOT_PIPE, &request);
	reading = request.word0;
	in_threads(read_pipe);
}

static void waiters(void) { in_children(10, readers_of_pipe); }

static void ask_on(u32 endpoint, struct ask request)
{
	while (!ask(endpoint, &request))
		continue;
}

static void make_pipes(void) { ask_on(SLOT_PIPE, (struct ask){ .label = PIPE_NEW }); }
static void pipes(void) { in_children(20, make_pipes); }

static void open_files(void)
{
	ask_on(SLOT_FS,
		(struct ask){
			.label = FS_OPEN, .word = { OPEN_READ }, .string = "/bin/ls", .size = 8 });
}

static void files(void) { in_children(40, open_files); }

/* ---- What is left of it ---- */

/* Those of pipe are touched further by pipes of who was ended. */
static u32 pages_of_queues(void)
{
	static struct proc_entry list[PROCESSES_MAX];
	u32 pages = 0;
	int n = process_list(list);

	for (int i = 0; i < n; i++)
		if (list[i].server && !strcmp(list[i].name, "pipe"))
			pages += list[i].used / PAGE;
	return pages;
}

static u32 free_pages(void)
{
	static struct info_system info;
	u32 pages = 0;

	system_info(&info);
	for (u32 i = 0; i < INFO_ZONES; i++)
		pages += zone_free_pages(&info, i);
	return pages;
}

static u32 pages_in_use(void)
{
	static struct info_system info;

	return count_use(&info).pages - pages_of_queues();
}

/* Tasks that were killed may still be on their way out. */
static u32 pages_at_rest(void)
{
	u32 before = 0, now = pages_in_use();

	while (before != now) {
		usleep(PAUSE);
		before = now;
		now = pages_in_use();
	}
	return now;
}

/* Processes, and how often servers were started. */
struct census {
	u32 processes, starts;
};

static struct census count_processes(void)
{
	static struct proc_entry list[PROCESSES_MAX];
	struct census census = { 0, 0 };
	int n = process_list(list);

	for (int i = 0; i < n; i++) {
		census.processes += !list[i].server;
		census.starts += list[i].server;
	}
	return census;
}

/* ---- Trying ---- */

static bool works(void)
{
	static char shell[] = "sh", c[] = "-c", words[] = "seq 9 | head -3 > /hostile.out";
	char *const program[] = { shell, c, words, NULL };
	pid_t pid = spawnvp(shell, program);
	char shown[8] = "";
	int status = 1, fd;

	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		return false;
	fd = open("/hostile.out", O_RDONLY);
	return fd >= 0 && read(fd, shown, sizeof(shown)) == 6 && !strcmp(shown, "1\n2\n3\n") &&
	       !close(fd) && !unlink("/hostile.out");
}

/* Who fills the memory does so first, and may take for a while what others were ended for. */
static bool works_beside(const char *name)
{
	bool fills = !strcmp(name, "hoard") || !strcmp(name, "crowd");

	for (u32 i = 0; i < 100 && fills && free_pages() > FULL; i++)
		usleep(PAUSE);
	for (u32 i = 0; i < 4 && fills; i++)
		if (works())
			return true;
	return works();
}

static pid_t begin(const char *name, u32 round)
{
	char number[12], *const program[] = { (char *)"hostile", (char *)name, number, NULL };
	pid_t pid = fork();

	if (pid)
		return pid;
	setpgid(0, 0);
	snprintf(number, sizeof(number), "%u", round);
	execvp("hostile", program);
	_exit(127);
}

/* False, after a message, if somebody else was harmed. */
static bool suffer(const char *name, u32 round)
{
	struct census before = count_processes(), now;
	pid_t pid = begin(name, round);
	/* Who forks without end fills its own family, of which this is. */
	bool good = pid > 0 && (!strcmp(name, "fork") || works_beside(name));

	usleep(PAUSE);
	kill(-pid);
	waitpid(pid, NULL, 0);
	for (now = count_processes(); now.processes > before.processes; now = count_processes())
		usleep(PAUSE);
	good &= works();
	if (!good)
		printf("# %s: a command did not work\n", name);
	if (now.starts != before.starts)
		printf("# %s: servers were restarted\n", name);
	return good && now.starts == before.starts;
}

/*
 * Servers keep some things for the next time, such as programs and tables that have grown once.  So
 * there is a round that takes no page; a leak would take some in every one.
 */
static bool try(const char *name)
{
	u32 before = pages_at_rest(), now;

	for (u32 round = 0; round < ROUNDS; round++) {
		if (!suffer(name, round))
			return false;
		now = pages_at_rest();
		if (now <= before)
			return true;
		before = now;
	}
	printf("# %s: every round takes pages\n", name);
	return false;
}

struct deed {
	const char *name;
	void (*run)(void);
};

static const struct deed all[] = {
	{ "fault", fault },
	{ "loop", loop },
	{ "threads", threads },
	{ "memory", memory },
	{ "hoard", hoard },
	{ "crowd", crowd },
	{ "stack", stack },
	{ "fork", fork_on },
	{ "objects", objects },
	{ "garbage", garbage },
	{ "flood", flood },
};

/* Of the family, of which the looker-on is, they take much: they are tried from a shell alone. */
static const struct deed shares[] = {
	{ "readers", readers },
	{ "waiters", waiters },
	{ "pipes", pipes },
	{ "files", files },
};

static int try_all(void)
{
	int failed = 0;

	use_all_pids();
	for (u32 i = 0; i < ARRAY_SIZE(all); i++) {
		bool good = try(all[i].name);
		printf("%sok - %s\n", good ? "" : "not ", all[i].name);
		failed += !good;
	}
	return failed;
}

static bool run_one(const struct deed *deeds, u32 count, const char *name)
{
	for (u32 i = 0; i < count; i++)
		if (!strcmp(name, deeds[i].name)) {
			deeds[i].run();
			return true;
		}
	return false;
}

int main(int argc, char **argv)
{
	if (argc == 1)
		return try_all();
	if (!strcmp(argv[1], "storm"))
		return storm();
	if (!strcmp(argv[1], "programs"))
		return programs();
	seed = argc > 2 ? (u32)strtol(argv[2], NULL, 10) : 0;
	if (run_one(all, ARRAY_SIZE(all), argv[1]) || run_one(shares, ARRAY_SIZE(shares), argv[1]))
		return 0;
	return usage(
		"hostile [fault|loop|threads|memory|hoard|crowd|stack|fork|objects|storm|programs|"
		"garbage|flood|readers|waiters|pipes|files [SEED]]");
}
