/*
 * Programs of Linux, measured: see programs.h.  Each operation is the plainest way in which a
 * program of Linux does what Tarn's key says: pipes for messages, eventfds for notifications.
 *
 * Timed calls go by the vDSO's entry, as a C library's do.
 */
#include "programs.h"

#include "system_call.h"

#define PAGE 4096u
#define NULL ((void *)0)
#define PROT_RW 3
#define MAP_SHARED 1
#define MAP_PRIVATE 2
#define MAP_ANONYMOUS 0x20
#define MAP_POPULATE 0x8000
#define NOBODY (-1)

typedef unsigned u32;
typedef unsigned long long u64;

static const char *line_tag;
static void (*kernel_entry)(void);

static inline long fast3(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("call *%[entry]"
			 : "=a"(result)
			 : "a"(number), "b"(a), "c"(b), "d"(c), [entry] "m"(kernel_entry)
			 : "memory", "cc");
	return result;
}
#define fast(number, a, b, c) fast3(number, (long)(a), (long)(b), (long)(c))

/* ---- Measuring ---- */

static inline u32 tsc(void)
{
	u32 low;

	__asm__ volatile("rdtsc" : "=a"(low) : : "edx", "memory");
	return low;
}

static char *append_number(char *to, u32 n)
{
	char digits[10];
	u32 count = 0;

	do
		digits[count++] = (char)('0' + n % 10);
	while (n /= 10);
	while (count)
		*to++ = digits[--count];
	return to;
}

static char *append_text(char *to, const char *text)
{
	while (*text)
		*to++ = *text++;
	return to;
}

/* One batch; all totals here are below 2^32. */
static void report(const char *key, u32 operations, u32 ticks)
{
	char line[160], *end = append_text(line, "BENCH ");

	end = append_text(end, line_tag);
	end = append_text(append_text(end, " user."), key);
	end = append_number(append_text(end, " "), operations);
	end = append_number(append_text(end, " "), ticks);
	end = append_number(append_text(end, " "), operations);
	end = append_number(append_text(end, " "), ticks);
	*append_text(end, "\n") = 0;
	say(line);
}

/* Once before, so that caches of the kernel are warm. */
static void measure(const char *key, u32 operations, void (*run)(u32 operations))
{
	u32 start;

	run(operations);
	start = tsc();
	run(operations);
	report(key, operations, tsc() - start);
}

static void *map(u32 pages, int flags, long file)
{
	return (void *)syscall6(SYS_MMAP2, 0, pages * PAGE, PROT_RW, flags, file, 0);
}

static void unmap(void *at, u32 pages) { fast(SYS_MUNMAP, at, pages * PAGE, 0); }

/* ---- Calls and messages ---- */

static void null_calls(u32 operations)
{
	while (operations--)
		fast(SYS_GETPPID, 0, 0, 0);
}

/* Pipes to the partner and back, or two eventfds. */
static int to_partner[2], from_partner[2];
static char buffer[65536] __attribute__((aligned(PAGE)));
static u32 size, expected;

static void put(const int *pipe, u32 bytes)
{
	for (u32 done = 0; done < bytes;)
		done += (u32)fast(SYS_WRITE, pipe[1], buffer, bytes - done);
}

static void get(const int *pipe, u32 bytes)
{
	for (u32 done = 0; done < bytes;)
		done += (u32)fast(SYS_READ, pipe[0], buffer, bytes - done);
}

static void round_trips(u32 operations)
{
	while (operations--) {
		put(to_partner, size);
		get(from_partner, size);
	}
}

static void answer_for_ever(void)
{
	for (;;) {
		get(to_partner, size);
		put(from_partner, size);
	}
}

/* The partner answers when it has all. */
static void long_message(u32 kib)
{
	for (; kib; kib -= sizeof(buffer) / 1024)
		put(to_partner, sizeof(buffer));
	get(from_partner, 1);
}

static void take_long_messages(void)
{
	for (;;) {
		for (u32 left = expected; left; left -= sizeof(buffer))
			get(to_partner, sizeof(buffer));
		put(from_partner, 1);
	}
}

/* The same by pages. */
static void stream(u32 kib)
{
	for (; kib; kib -= PAGE / 1024)
		put(to_partner, PAGE);
	get(from_partner, 1);
}

static void take_stream(void)
{
	for (;;) {
		for (u32 left = expected; left; left -= PAGE)
			get(to_partner, PAGE);
		put(from_partner, 1);
	}
}

static long start_partner(void (*run)(void))
{
	long child = syscall(SYS_FORK, 0, 0, 0);

	if (child)
		return child;
	run();
	return 0;
}

static void end_partner(long child)
{
	syscall(SYS_KILL, child, 9, 0);
	syscall(SYS_WAITPID, child, 0, 0);
	for (u32 i = 0; i < 2; i++) {
		syscall(SYS_CLOSE, to_partner[i], 0, 0);
		syscall(SYS_CLOSE, from_partner[i], 0, 0);
	}
}

static void messages(
	const char *key, u32 bytes, u32 operations, void (*run)(u32), void (*partner)(void))
{
	long child;

	size = bytes;
	syscall(SYS_PIPE, to_partner, 0, 0);
	syscall(SYS_PIPE, from_partner, 0, 0);
	child = start_partner(partner);
	measure(key, operations, run);
	end_partner(child);
}

static void notifications(void)
{
	long child;

	size = 8;
	buffer[0] = 1;
	to_partner[0] = to_partner[1] = (int)syscall(SYS_EVENTFD, 0, 0, 0);
	from_partner[0] = from_partner[1] = (int)syscall(SYS_EVENTFD, 0, 0, 0);
	child = start_partner(answer_for_ever);
	measure("signal_wait", 10000, round_trips);
	end_partner(child);
}

/* ---- Memory ---- */

#define FAULT_PAGES 1024u

static void touch(volatile char *at, u32 pages)
{
	for (u32 i = 0; i < pages; i++)
		at[i * PAGE] = 1;
}

/* The pages alone are timed, not the call that makes room for them. */
static void anonymous_faults(void)
{
	void *room;
	u32 start, ticks;

	for (u32 round = 0; round < 2; round++) {
		room = map(FAULT_PAGES, MAP_PRIVATE | MAP_ANONYMOUS, NOBODY);
		start = tsc();
		touch(room, FAULT_PAGES);
		ticks = tsc() - start;
		unmap(room, FAULT_PAGES);
	}
	report("fault_anon", FAULT_PAGES, ticks);
}

/* A child that does nothing shares the pages. */
static void copies_on_write(void)
{
	void *room = map(FAULT_PAGES, MAP_PRIVATE | MAP_ANONYMOUS, NOBODY);
	static const long for_ever[2] = { 1000000, 0 };
	long child;
	u32 start, ticks;

	touch(room, FAULT_PAGES);
	for (u32 round = 0; round < 2; round++) {
		child = syscall(SYS_FORK, 0, 0, 0);
		while (!child)
			syscall(SYS_NANOSLEEP, for_ever, 0, 0);
		start = tsc();
		touch(room, FAULT_PAGES);
		ticks = tsc() - start;
		syscall(SYS_KILL, child, 9, 0);
		syscall(SYS_WAITPID, child, 0, 0);
	}
	unmap(room, FAULT_PAGES);
	report("fault_cow", FAULT_PAGES, ticks);
}

static long page_file;

/* A page that is there, of a file in memory. */
static void map_and_unmap(u32 operations)
{
	while (operations--)
		unmap(map(1, MAP_SHARED | MAP_POPULATE, page_file), 1);
}

static void processes(u32 operations)
{
	while (operations--) {
		long child = syscall(SYS_FORK, 0, 0, 0);

		if (!child) {
			*(volatile char *)buffer = 1;
			syscall(SYS_EXIT, 0, 0, 0);
		}
		syscall(SYS_WAITPID, child, 0, 0);
	}
}

static void forks(u32 operations)
{
	while (operations--) {
		long child = syscall(SYS_FORK, 0, 0, 0);

		if (!child)
			syscall(SYS_EXIT, 0, 0, 0);
		syscall(SYS_WAITPID, child, 0, 0);
	}
}

/* With `buffer` filled this program has about 24 pages; some more for the second. */
static void forks_of_many_pages(u32 pages)
{
	void *room = map(pages, MAP_PRIVATE | MAP_ANONYMOUS, NOBODY);

	touch(room, pages);
	measure("fork_exit_wait_100p", 200, forks);
	unmap(room, pages);
}

/* This program again, which ends at once if it has three arguments (init.c). */
static void spawns(u32 operations)
{
	static const char *const arguments[] = { "init", "end", "now", NULL };
	static const char *const none[] = { NULL };

	while (operations--) {
		long child = syscall(SYS_FORK, 0, 0, 0);

		if (!child) {
			syscall(SYS_EXECVE, "/init", arguments, none);
			syscall(SYS_EXIT, 1, 0, 0);
		}
		syscall(SYS_WAITPID, child, 0, 0);
	}
}

void measure_programs(const char *tag, void (*entry)(void))
{
	line_tag = tag;
	kernel_entry = entry;
	measure("syscall_null", 100000, null_calls);
	messages("ipc_roundtrip_2w", 8, 10000, round_trips, answer_for_ever);
	messages("ipc_roundtrip_60w", 240, 10000, round_trips, answer_for_ever);
	expected = 4096 * 1024;
	messages("ipc_string_4m", 1, 4096, long_message, take_long_messages);
	notifications();
	anonymous_faults();
	copies_on_write();
	page_file = syscall(SYS_MEMFD_CREATE, "page", 0, 0);
	syscall(SYS_FTRUNCATE, page_file, PAGE, 0);
	measure("map_unmap", 10000, map_and_unmap);
	measure("task_create_destroy", 1000, processes);
	measure("fork_exit_wait_24p", 200, forks);
	forks_of_many_pages(100 - 24);
	measure("spawn_exit_wait", 200, spawns);
	messages("pipe_roundtrip", 1, 10000, round_trips, answer_for_ever);
	messages("pipe_throughput", 1, 4096, stream, take_stream);
}
