/*
 * A little of what each server does, looked at: files, pipes, processes, names, the console.  The
 * status is 0 if all was as it should be; else a line says what was not.  Made to be run again and
 * again while servers are damaged (user/root/trial.h): it takes what an earlier run has left.
 */
#include "lib/compiler.h"
#include "lib/string.h"
#include "user/lib/ask.h"
#include "user/lib/c/fcntl.h"
#include "user/lib/c/stdio.h"
#include "user/lib/c/stdlib.h"
#include "user/lib/c/sys_stat.h"
#include "user/lib/c/sys_wait.h"
#include "user/lib/layout.h"
#include "user/lib/protocol/con.h"
#include "user/lib/protocol/names.h"
#include "user/lib/protocol/proc.h"

#define FOLDER "/check_servers"
#define BYTES 9000u
#define PIPE_PIECES 30u
#define PIPE_PIECE 3000u /* together more than a pipe holds */

static u8 pattern[BYTES], seen[BYTES];

/* The first that fails ends the run: what comes next would only be its echo. */
static void check(int line, bool good, const char *what)
{
	if (good)
		return;
	printf("check_servers: line %d: %s; errno %d\n", line, what, errno);
	exit(1);
}
#define CHECK(condition) check(__LINE__, condition, #condition)

/* ---- Files ---- */

static void make_pattern(void)
{
	u32 value = (u32)getpid();

	for (u32 i = 0; i < BYTES; i++)
		pattern[i] = (u8)((value = value * 1664525 + 1013904223) >> 24);
}

static void clean(void)
{
	unlink(FOLDER "/a");
	unlink(FOLDER "/b");
	unlink(FOLDER "/out");
	rmdir(FOLDER);
}

static bool is_listed(const char *name)
{
	DIR *folder = opendir(FOLDER);
	struct dirent *entry;
	bool found = false;

	while (folder && (entry = readdir(folder)))
		found |= !strcmp(entry->d_name, name);
	return folder && !closedir(folder) && found;
}

static void write_and_read(int fd)
{
	CHECK(write(fd, pattern, BYTES) == (ssize_t)BYTES);
	CHECK(lseek(fd, 5000, SEEK_SET) == 5000);
	CHECK(read(fd, seen, BYTES) == (ssize_t)BYTES - 5000);
	CHECK(!memcmp(seen, pattern + 5000, BYTES - 5000));
	CHECK(!lseek(fd, 0, SEEK_SET));
	CHECK(read(fd, seen, BYTES) == (ssize_t)BYTES && !memcmp(seen, pattern, BYTES));
}

static void files(void)
{
	struct stat found;
	int fd;

	CHECK(!mkdir(FOLDER, 0));
	fd = open(FOLDER "/a", O_RDWR | O_CREAT);
	CHECK(fd >= 0);
	write_and_read(fd);
	CHECK(!ftruncate(fd, 4097) && !stat(FOLDER "/a", &found) && found.st_size == 4097);
	CHECK(!close(fd));
	CHECK(is_listed("a") && !rename(FOLDER "/a", FOLDER "/b") && is_listed("b"));
	fd = open(FOLDER "/b", O_WRONLY | O_APPEND);
	CHECK(fd >= 0 && write(fd, "end", 3) == 3 && !close(fd));
	CHECK(!stat(FOLDER "/b", &found) && found.st_size == 4100);
	CHECK(stat(FOLDER "/a", &found) == -1 && errno == ENOENT);
}

/* ---- Processes and pipes ---- */

static int status_of(pid_t pid)
{
	int status = -1;

	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	return status;
}

__attribute__((noreturn)) static void send_pieces(int fd)
{
	for (u32 i = 0; i < PIPE_PIECES; i++)
		if (write(fd, pattern + i, PIPE_PIECE) != (ssize_t)PIPE_PIECE)
			_exit(1);
	_exit(5);
}

static void take_pieces(int fd)
{
	u32 bytes = 0;
	ssize_t got;

	while ((got = read(fd, seen, PIPE_PIECE)) > 0)
		for (ssize_t i = 0; i < got; i++, bytes++)
			CHECK(seen[i] == pattern[bytes / PIPE_PIECE + bytes % PIPE_PIECE]);
	CHECK(!got && bytes == PIPE_PIECES * PIPE_PIECE);
}

static void pipes(void)
{
	pid_t child;
	int fd[2];

	CHECK(!pipe(fd));
	child = fork();
	if (!child)
		send_pieces(fd[1]);
	CHECK(child > 0 && !close(fd[1]));
	take_pieces(fd[0]);
	CHECK(!close(fd[0]));
	CHECK(status_of(child) == 5);
	CHECK(!pipe(fd) && !close(fd[0]));
	CHECK(write(fd[1], "x", 1) == -1 && errno == EPIPE);
	CHECK(!close(fd[1]));
}

static void kills(void)
{
	pid_t child = fork();

	if (!child) {
		sleep(1000);
		_exit(0);
	}
	CHECK(child > 0 && !waitpid(child, NULL, WNOHANG));
	CHECK(!kill(child) && status_of(child) == (int)STATUS_BY_KILL);
	CHECK(waitpid(-1, NULL, 0) == -1 && errno == ECHILD);
}

static bool is_in_list(void)
{
	static struct proc_entry entries[32];
	struct ask request = { .label = PROC_LIST,
		.word = { (u32)getpid() },
		.place = entries,
		.room = sizeof(entries) };

	return !ask(SLOT_PROC, &request) && request.got >= sizeof(entries[0]) &&
	       entries[0].pid == (u32)getpid() && entries[0].parent == (u32)getppid();
}

/* A shell, a pipeline, a file. */
static void commands(void)
{
	static char shell[] = "sh", c[] = "-c", words[] = "seq 9 | head -3 > " FOLDER "/out";
	char *const program[] = { shell, c, words, NULL };
	int fd;

	CHECK(is_in_list());
	CHECK(status_of(spawnvp("sh", program)) == 0);
	fd = open(FOLDER "/out", O_RDONLY);
	CHECK(fd >= 0 && read(fd, seen, BYTES) == 6 && !memcmp(seen, "1\n2\n3\n", 6));
	CHECK(!close(fd));
}

/* ---- The rest ---- */

static void names(void)
{
	static const char name[] = "nobody";

	CHECK(ask(SLOT_NAMES, &(struct ask){ .label = NAMES_ENTRY, .word = { 1000 } }) == ENOENT);
	CHECK(ask(SLOT_NAMES, &(struct ask){ .label = NAMES_LOOKUP,
				      .string = name,
				      .size = sizeof(name) }) == ENOENT);
	CHECK(ask(SLOT_NAMES, &(struct ask){ .label = NAMES_REGISTER,
				      .string = name,
				      .size = sizeof(name) }) == EPERM);
}

static void console(void)
{
	struct ask size = { .label = CON_SIZE }, mode = { .label = CON_MODE, .word = { CON_RAW } };

	CHECK(!ask(SLOT_CON, &size) && size.word0 == 80 && size.word1 == 25);
	CHECK(!ask(SLOT_CON, &mode));
	mode = (struct ask){ .label = CON_MODE, .word = { CON_LINE } };
	CHECK(!ask(SLOT_CON, &mode) && mode.word0 == CON_RAW);
	CHECK(write(STDOUT_FILENO, "check\t\033[1mservers\033[0m\r\n", 23) == 23);
}

static void memory(void)
{
	u32 *words = calloc(1, 100000);

	CHECK(words);
	for (u32 i = 0; i < 100000 / sizeof(u32); i += 1000)
		words[i] = i;
	for (u32 i = 0; i < 100000 / sizeof(u32); i += 1000)
		CHECK(words[i] == i);
	free(words);
}

int main(void)
{
	make_pattern();
	clean();
	console();
	names();
	files();
	pipes();
	kills();
	memory();
	commands();
	clean();
	return 0;
}
