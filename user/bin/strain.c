/*
 * Memory under strain: processes fill what the machine has left, share it by fork, write to what
 * they share, and check every word.  Then all of it has to come back.
 *
 * In each round pairs of processes are made: a writer, and its twin by fork.  Each writes half of
 * the pages that they share, so that in the end each has as many of its own as both had before.
 * When all have done so they are told to check, and end.  With -o there is one more meanwhile, who
 * asks for more until nothing is left: that one is ended, and nobody else.
 */
#include "lib/compiler.h"
#include "lib/string.h"
#include "user/lib/c/stdio.h"
#include "user/lib/c/stdlib.h"
#include "user/lib/c/sys_wait.h"
#include "user/lib/c/unistd.h"
#include "user/lib/layout.h"
#include "user/lib/posix/system.h"
#include "user/lib/protocol/pipe.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"
#include "user/lib/tool/rest.h"

#define PAIRS 4u
#define PIECES 16u /* of a share: after each the watcher looks at the machine */
#define LEFT 16u   /* one part of so many stays free, if nothing else is said */
#define PAGES_PER_MIB (0x100000u / PAGE)
#define WORDS (PAGE / sizeof(u32))
#define OUT_OF_MEMORY (128 + 14) /* the status: ended in a page fault */
#define LOOKS 200u               /* how often, and how long, the end waits for the last pages */
#define PAUSE 20000u

/* What a process tells the watcher. */
#define PIECE_DONE 'p'
#define ALL_DONE 'd'
#define FAILED 'x'

static u32 share; /* pages that a writer fills at first: half of what it has in the end */
static u32 round_number;
static bool to_the_end;

static struct info_system info;

/* ---- The machine ---- */

/* Tasks that have ended are taken apart by and by. */
static struct use wait_until_back(const struct use *before)
{
	struct use use = count_use(&info);

	for (u32 i = 0; i < LOOKS && (use.pages > before->pages || use.objects > before->objects);
		i++) {
		usleep(PAUSE);
		use = count_use(&info);
	}
	return use;
}

/* ---- What was seen in a round ---- */

static struct {
	u32 least[INFO_ZONES], normal_then;
	bool high_gone;
	u32 least_tables, most_tables, maps, flushes;
} seen;

static void begin_watch(void)
{
	system_info(&info);
	memset(&seen, 0, sizeof(seen));
	for (u32 i = 0; i < INFO_ZONES; i++)
		seen.least[i] = zone_free_pages(&info, i);
	seen.least_tables = seen.most_tables = ready_tables(&info);
	seen.maps = info.pkmap.maps;
	seen.flushes = info.pkmap.flushes;
}

static void look(void)
{
	u32 tables;

	system_info(&info);
	tables = ready_tables(&info);
	for (u32 i = 0; i < INFO_ZONES; i++)
		seen.least[i] = MIN(seen.least[i], zone_free_pages(&info, i));
	seen.least_tables = MIN(seen.least_tables, tables);
	seen.most_tables = MAX(seen.most_tables, tables);
	/* The last sixteenth is gone between two looks. */
	if (!seen.high_gone && info.zone[2].managed &&
		zone_free_pages(&info, 2) < info.zone[2].managed / 16) {
		seen.high_gone = true;
		seen.normal_then = zone_free_pages(&info, 1);
	}
}

static void print_heading(void)
{
	printf("NORMAL then: free there when HIGHMEM was gone.  Round 0: before the first.\n");
	if (to_the_end)
		printf("Use after a round is compared with that after round 1: who tells of the first\n"
		       "end out of memory keeps some for the next.\n");
	printf("       NORMAL -- least free, KiB -- - tables -- --- PKMap ---- - in use after -\n"
	       "round   then   DMA NORMAL HIGHMEM least  most     maps flush     KiB objects\n");
}

static void print_round(const struct use *use)
{
	printf("%5u %7u %5u %6u %7u %5u %5u %8u %5u %7u %7u\n", round_number, seen.normal_then * 4,
		seen.least[0] * 4, seen.least[1] * 4, seen.least[2] * 4, seen.least_tables,
		seen.most_tables, info.pkmap.maps - seen.maps, info.pkmap.flushes - seen.flushes,
		use->pages * 4, use->objects);
}

/* ---- Pages ---- */

static u32 value_of(const u32 *word, u32 mark) { return (u32)(uintptr_t)word * 2654435761u ^ mark; }

/* With what is to stand `at` that place. */
static void fill_page(u32 *page, const u32 *at, u32 mark)
{
	for (u32 i = 0; i < WORDS; i++)
		page[i] = value_of(at + i, mark);
}

static bool check_page(const u32 *page, u32 mark)
{
	for (u32 i = 0; i < WORDS; i++) {
		if (page[i] == value_of(page + i, mark))
			continue;
		printf("strain: 0x%08x at 0x%08x, not 0x%08x\n", page[i],
			(u32)(uintptr_t)(page + i), value_of(page + i, mark));
		return false;
	}
	return true;
}

/* A mark of these pages alone: of the round, the pair, and who wrote them. */
static u32 mark_of(u32 pair, u32 writer)
{
	return (round_number << 8 | pair << 4 | writer) * 2246822519u;
}

/* ---- Who fills ---- */

static int done, go;

static void tell(char what)
{
	if (write(done, &what, 1) != 1)
		_exit(1);
}

static u32 *more_pages(u32 pages)
{
	u32 *start = sbrk((int)(pages * PAGE));

	if (start == (void *)-1)
		_exit(1);
	return start;
}

/* Some of the twin's pages come to it through a pipe: what is sent, and into high memory. */
static bool is_passed(u32 page) { return page % 8 == 1; }

static void take_page(int from, u32 *page)
{
	for (u32 got = 0; got < PAGE;) {
		ssize_t n = read(from, (char *)page + got, PAGE - got);

		if (n <= 0)
			_exit(1);
		got += (u32)n;
	}
}

static void pass_pages(int to, const u32 *start, u32 mark)
{
	static u32 page[WORDS];

	for (u32 i = 0; i < share; i++) {
		if (!is_passed(i))
			continue;
		fill_page(page, start + i * WORDS, mark);
		if (write(to, page, PAGE) != PAGE)
			_exit(1);
	}
}

/* Every `step`-th page from `first` on; those that are passed come from a pipe, if there is one. */
static void fill(u32 *start, u32 first, u32 step, u32 mark, int from)
{
	u32 piece = MAX(share / PIECES, 1u);

	for (u32 i = first; i < share; i += step) {
		u32 *page = start + i * WORDS;

		if (from >= 0 && is_passed(i))
			take_page(from, page);
		else
			fill_page(page, page, mark);
		if ((i - first) / step % piece == 0)
			tell(PIECE_DONE);
	}
}

static bool check(const u32 *start, u32 first, u32 mark)
{
	for (u32 i = first; i < share; i += 2)
		if (!check_page(start + i * WORDS, mark))
			return false;
	return true;
}

/* Until the watcher closes its end. */
static void wait_for_all(void)
{
	char byte;

	tell(ALL_DONE);
	if (read(go, &byte, 1))
		_exit(1);
}

static int check_halves(const u32 *start, u32 half, u32 own_mark, u32 old_mark)
{
	return !check(start, half, own_mark) || !check(start, 1 - half, old_mark);
}

static int twin(u32 *start, u32 pair, int from)
{
	fill(start, 1, 2, mark_of(pair, 1), from);
	wait_for_all();
	return check_halves(start, 1, mark_of(pair, 1), mark_of(pair, 0));
}

/* It waits for its twin, which waits for all. */
static int writer(u32 pair)
{
	u32 *start = more_pages(share);
	int passed[2], status = 1;
	pid_t pid;

	fill(start, 0, 1, mark_of(pair, 0), -1);
	if (pipe(passed))
		return 1;
	pid = fork();
	if (pid < 0)
		return 1;
	close(passed[pid ? 0 : 1]);
	if (!pid)
		return twin(start, pair, passed[0]);
	pass_pages(passed[1], start, mark_of(pair, 1));
	fill(start, 0, 2, mark_of(pair, 2), -1);
	tell(ALL_DONE);
	return waitpid(pid, &status, 0) != pid || status ||
	       check_halves(start, 0, mark_of(pair, 2), mark_of(pair, 0));
}

/* Nothing but its end stops it: the others leave it less than a process may have. */
static int glutton(void)
{
	for (;;)
		fill(more_pages(share), 0, 1, 0, -1);
	return 0;
}

/* ---- Who looks on ---- */

/* All the writers' parent: tells of one that has ended too early. */
static int mind(void)
{
	int failures = 0, status;

	for (u32 pair = 0; pair < PAIRS; pair++) {
		pid_t pid = fork();

		if (!pid)
			_exit(writer(pair));
		if (pid < 0)
			failures++;
	}
	if (failures)
		tell(FAILED);
	while (waitpid(-1, &status, 0) > 0) {
		if (status)
			tell(FAILED);
		failures += !!status;
	}
	return failures;
}

/* Until so many have all that they want, or one has failed, or nobody is left. */
static bool watch(int from, u32 wanted)
{
	u32 finished = 0;
	char byte;

	while (finished < wanted && read(from, &byte, 1) == 1) {
		look();
		if (byte == FAILED)
			return false;
		finished += byte == ALL_DONE;
	}
	return finished == wanted;
}

/* A process that has the first end of `go` and the second of `done`, which this one has not. */
static pid_t start(int (*run)(void), int done_pipe[2], int go_pipe[2])
{
	pid_t pid = fork();

	if (!pid) {
		close(done_pipe[0]);
		close(go_pipe[1]);
		done = done_pipe[1];
		go = go_pipe[0];
		_exit(run());
	}
	close(done_pipe[1]);
	close(go_pipe[0]);
	return pid;
}

static int status_of(pid_t pid)
{
	int status = -1;

	return waitpid(pid, &status, 0) == pid ? status : -1;
}

/* One more than there is room for. */
static bool run_glutton(void)
{
	int done_pipe[2], go_pipe[2], status;
	pid_t pid;

	if (pipe(done_pipe) || pipe(go_pipe))
		return false;
	pid = start(glutton, done_pipe, go_pipe);
	watch(done_pipe[0], 1);
	status = status_of(pid);
	close(done_pipe[0]);
	close(go_pipe[1]);
	if (status != OUT_OF_MEMORY)
		printf("strain: who asked for more ended with %d\n", status);
	return status == OUT_OF_MEMORY;
}

static bool run_round(void)
{
	int done_pipe[2], go_pipe[2], status;
	pid_t minder;
	bool full;

	if (pipe(done_pipe) || pipe(go_pipe))
		return false;
	begin_watch();
	minder = start(mind, done_pipe, go_pipe);
	full = watch(done_pipe[0], 2 * PAIRS);
	if (full && to_the_end)
		full = run_glutton();
	close(go_pipe[1]);
	status = status_of(minder);
	close(done_pipe[0]);
	if (!full || status)
		printf("strain: round %u: %s, %d of %u pairs failed\n", round_number,
			full ? "all had their memory" : "not all got their memory", status, PAIRS);
	return full && !status;
}

/*
 * What servers keep comes when it is first used: the room of as many pipes as are open at once, and
 * places for each pid.  It is used here, so that it does not look like growth.
 */
static void fill_pipe(int to)
{
	static char block[PAGE];

	for (u32 i = 0; i < PIPE_BYTES / PAGE; i++)
		write(to, block, PAGE);
}

static void warm_up(void)
{
	static int pipes[PAIRS + 4][2];

	for (u32 i = 0; i < ARRAY_SIZE(pipes) && !pipe(pipes[i]); i++)
		fill_pipe(pipes[i][1]);
	use_all_pids();
	for (u32 i = 0; i < ARRAY_SIZE(pipes); i++) {
		close(pipes[i][0]);
		close(pipes[i][1]);
	}
}

static int run(u32 rounds)
{
	struct use before, use;
	bool good = true;

	printf("%u pairs of processes, %u MiB together\n", PAIRS,
		2 * PAIRS * share / PAGES_PER_MIB);
	warm_up();
	print_heading();
	before = use = count_use(&info);
	begin_watch();
	print_round(&before);
	for (round_number = 1; round_number <= rounds && good; round_number++) {
		good = run_round();
		use = wait_until_back(&before);
		print_round(&use);
		/* Whoever tells the first end out of memory keeps some for the next one. */
		if (round_number == 1 && to_the_end)
			before = use;
	}
	if (use.pages > before.pages || use.objects > before.objects) {
		printf("strain: %u pages and %u objects of the kernel did not come back\n",
			use.pages - before.pages, use.objects - before.objects);
		return 1;
	}
	if (good)
		printf("every word was right, and every page came back\n");
	return !good;
}

static u32 free_mib(void)
{
	u32 pages = 0;

	system_info(&info);
	for (u32 i = 0; i < INFO_ZONES; i++)
		pages += zone_free_pages(&info, i);
	return (pages - pages / LEFT) / PAGES_PER_MIB;
}

int main(int argc, char **argv)
{
	int option, rounds = 1, mib;

	while ((option = getopt(argc, argv, "or:")) != -1) {
		if (option == 'o')
			to_the_end = true;
		else if (option == 'r')
			rounds = number_of(optarg);
		else
			rounds = -1;
	}
	mib = optind < argc ? number_of(argv[optind]) : (int)free_mib() / (to_the_end ? 2 : 1);
	if (rounds < 1 || mib < 1 || optind + 1 < argc)
		return usage("strain [-o] [-r ROUNDS] [MIB]");
	share = (u32)mib * PAGES_PER_MIB / (2 * PAIRS);
	return run((u32)rounds);
}
