/*
 * What processes and pipes cost: run="bench_processes TAG [KEYS]" prints lines as docs/bench.md
 * describes them.  All of it goes through the servers, unlike what the program bench measures.
 */
#include "lib/compiler.h"
#include "lib/parse.h"
#include "lib/string.h"
#include "user/lib/c/stdio.h"
#include "user/lib/c/stdlib.h"
#include "user/lib/c/sys_wait.h"
#include "user/lib/c/unistd.h"
#include "user/lib/calls.h"
#include "user/lib/layout.h"
#include "user/lib/tool/input.h"
#include "user/lib/tool/measure.h"

#define CHUNK 4096u
#define STREAM 0x100000u /* bytes of a long transfer */

/* ---- Processes ---- */

static bool wait_for(pid_t pid)
{
	int status = 1;

	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

static u32 own_pages(void)
{
	struct info_task info = { 0 };

	sys_info(0, INFO_TASK, 0, (u32)(uintptr_t)&info, sizeof(info));
	return info.pages;
}

/* Heap is touched until the program has so many pages. */
static bool grow_to(u32 pages)
{
	while (own_pages() < pages) {
		volatile char *page = sbrk(PAGE);

		if (page == (void *)-1)
			return false;
		*page = 1;
	}
	return own_pages() == pages;
}

static u32 forks(u32 n, u32 pages)
{
	if (!grow_to(pages))
		return 0;
	for (u32 i = 0; i < n; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		if (!wait_for(pid))
			return 0;
	}
	return n;
}

static u32 small_forks(u32 n) { return forks(n, 24); }
static u32 large_forks(u32 n) { return forks(n, 100); }

static u32 spawns(u32 n)
{
	static char name[] = "true";
	char *arguments[] = { name, NULL };

	for (u32 i = 0; i < n; i++)
		if (!wait_for(spawnvp("/bin/true", arguments)))
			return 0;
	return n;
}

/* ---- Pipes ---- */

static int to_partner[2], from_partner[2];
static char chunk[CHUNK] __attribute__((aligned(CHUNK)));

/* A process at the other end of two pipes, which it leaves when the first one ends. */
static pid_t start_partner(void (*run)(void))
{
	pid_t pid;

	if (pipe(to_partner) || pipe(from_partner))
		return -1;
	pid = fork();
	if (!pid) {
		close(to_partner[1]);
		run();
		_exit(0);
	}
	close(to_partner[0]);
	close(from_partner[1]);
	return pid;
}

static bool end_partner(pid_t pid)
{
	close(to_partner[1]);
	close(from_partner[0]);
	return wait_for(pid);
}

static void answer_bytes(void)
{
	while (read(to_partner[0], chunk, 1) == 1)
		write(from_partner[1], chunk, 1);
}

/* The first answer says that the partner runs. */
static u32 round_trips(u32 n)
{
	pid_t pid = start_partner(answer_bytes);
	u64 start = 0;

	for (u32 i = 0; i <= n; i++) {
		if (i == 1)
			start = time_stamp();
		if (write(to_partner[1], chunk, 1) != 1 || read(from_partner[0], chunk, 1) != 1)
			return 0;
	}
	measured_ticks((u32)(time_stamp() - start));
	return end_partner(pid) ? n : 0;
}

/* Answers after each STREAM bytes. */
static void take_stream(void)
{
	u32 taken = 0;

	for (;;) {
		ssize_t n = read(to_partner[0], chunk, CHUNK);

		if (n <= 0)
			return;
		taken += (u32)n;
		if (taken % STREAM == 0)
			write(from_partner[1], chunk, 1);
	}
}

static bool put_stream(void)
{
	for (u32 done = 0; done < STREAM; done += CHUNK)
		if (write(to_partner[1], chunk, CHUNK) != CHUNK)
			return false;
	return read(from_partner[0], chunk, 1) == 1;
}

static u32 streams(u32 n)
{
	pid_t pid = start_partner(take_stream);
	u64 start = 0;

	for (u32 i = 0; i <= n; i++) {
		if (i == 1)
			start = time_stamp();
		if (!put_stream())
			return 0;
	}
	measured_ticks((u32)(time_stamp() - start));
	return end_partner(pid) ? n : 0;
}

/* ---- The boot ---- */

static u64 ticks_of(const char *variable)
{
	const char *text = getenv(variable);
	u64 ticks = 0;

	return text && parse_u64(text, &ticks) ? ticks : 0;
}

/* From the end of step 8 to the shell's first prompt, which has left word of it. */
static u32 first_prompt(u32 n)
{
	u64 started = ticks_of("STARTED"), ready = ticks_of("READY");

	(void)n;
	measured_ticks((u32)(ready - started));
	return started && ready ? 1 : 0;
}

/* ---- Keys ---- */

static const struct key keys[] = {
	{ "user.fork_exit_wait_24p", 200, 1, small_forks },
	{ "user.fork_exit_wait_100p", 200, 1, large_forks },
	{ "user.spawn_exit_wait", 200, 1, spawns },
	{ "user.pipe_roundtrip", 2000, 1, round_trips },
	{ "user.pipe_throughput", 4, STREAM / 1024, streams },
	{ "user.prompt", 1, 1, first_prompt },
};

/* Of a prompt only one who was typed at it can tell. */
static bool is_wanted(const struct key *key, char *const *words)
{
	return key_is_wanted(key, words) && (key->run != first_prompt || getenv("READY"));
}

int main(int argc, char **argv)
{
	struct figure figures[ARRAY_SIZE(keys)];

	if (argc < 2)
		return usage("bench_processes TAG [KEYS]");
	/* What is printed is still on its way while the program goes on: all at the end. */
	for (u32 i = 0; i < ARRAY_SIZE(keys); i++)
		if (is_wanted(&keys[i], argv + 2))
			figures[i] = measure(&keys[i]);
	for (u32 i = 0; i < ARRAY_SIZE(keys); i++)
		if (is_wanted(&keys[i], argv + 2))
			figure_print(argv[1], &keys[i], &figures[i]);
	printf("BENCH-END %s\n", argv[1]);
	return 0;
}
