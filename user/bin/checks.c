/*
 * Checks of the C library through the servers: files, pipes, processes, the heap, time, and servers
 * that die.  Prints TAP; the status is the number of checks that failed.  Leaves no file behind.
 */
#include "lib/compiler.h"
#include "lib/string.h"
#include "user/lib/ask.h"
#include "user/lib/c/fcntl.h"
#include "user/lib/c/stdio.h"
#include "user/lib/c/stdlib.h"
#include "user/lib/c/sys_stat.h"
#include "user/lib/c/sys_wait.h"
#include "user/lib/c/time.h"
#include "user/lib/layout.h"
#include "user/lib/posix/descriptor.h"
#include "user/lib/posix/system.h"
#include "user/lib/protocol/fs.h"
#include "user/lib/protocol/names.h"
#include "user/lib/protocol/pipe.h"

#define FOLDER "/checks"
#define LARGE 0x30000u

static int failures;
static const char *running;

static void check(int line, bool good, const char *what)
{
	if (good)
		return;
	failures++;
	printf("# %s, line %d: %s; errno %d\n", running, line, what, errno);
}
#define CHECK(condition) check(__LINE__, condition, #condition)

/* ---- Files ---- */

static void files(void)
{
	char text[16];
	struct stat found;
	int fd = open(FOLDER "/a", O_RDWR | O_CREAT | O_TRUNC), copy;

	CHECK(fd >= 0);
	CHECK(write(fd, "hello world", 11) == 11);
	CHECK(lseek(fd, 6, SEEK_SET) == 6);
	copy = dup(fd);
	CHECK(read(copy, text, sizeof(text)) == 5 && !memcmp(text, "world", 5));
	CHECK(!close(copy));
	CHECK(read(fd, text, sizeof(text)) == 0); /* one position, and still open */
	CHECK(!ftruncate(fd, 5) && ftruncate(fd, -1) == -1 && errno == EINVAL);
	CHECK(!close(fd) && close(fd) == -1 && errno == EBADF);
	CHECK(!stat(FOLDER "/a", &found) && found.st_size == 5 && !found.folder);
	CHECK(found.st_mtime >= time_now() - 60 && found.st_mtime <= time_now());
	CHECK(stat(FOLDER "/b", &found) == -1 && errno == ENOENT);
	CHECK(open(FOLDER "/a", O_RDONLY | O_DIRECTORY) == -1 && errno == ENOTDIR);
	CHECK(write(open("/bin/hello", O_RDONLY), "x", 1) == -1 && errno == EACCES);
	CHECK(!rename(FOLDER "/a", FOLDER "/b") && !unlink(FOLDER "/b"));
}

static void paths(void)
{
	char folder[32];

	CHECK(!chdir(FOLDER) && getcwd(folder, sizeof(folder)) && !strcmp(folder, FOLDER));
	CHECK(close(open("x", O_WRONLY | O_CREAT)) == 0);
	CHECK(!unlink("../checks/./x"));
	CHECK(chdir("nowhere") == -1 && errno == ENOENT);
	CHECK(chdir("/bin/hello") == -1 && errno == ENOTDIR);
	CHECK(!chdir("/"));
}

static void folders(void)
{
	DIR *folder = opendir("/bin");
	struct dirent *entry;
	bool found = false;

	CHECK(folder);
	while (folder && (entry = readdir(folder)))
		found |= !strcmp(entry->d_name, "checks") && entry->stat.st_size > 1000;
	CHECK(found);
	CHECK(folder && !closedir(folder));
	CHECK(!mkdir(FOLDER "/d", 0) && mkdir(FOLDER "/d", 0) == -1 && errno == EEXIST);
	CHECK(!rmdir(FOLDER "/d"));
}

static void large_file(void)
{
	u32 *words = calloc(1, LARGE);
	int fd = open(FOLDER "/large", O_RDWR | O_CREAT);
	bool same = true;

	CHECK(words);
	for (u32 i = 0; i < LARGE / 4; i++)
		words[i] = i * i;
	CHECK(write(fd, words, LARGE) == (ssize_t)LARGE);
	CHECK(!lseek(fd, 0, SEEK_SET));
	memset(words, 0, LARGE);
	for (u32 done = 0; done < LARGE;) {
		ssize_t got = read(fd, (char *)words + done, LARGE - done);

		CHECK(got > 0);
		if (got <= 0)
			break;
		done += (u32)got;
	}
	for (u32 i = 0; i < LARGE / 4; i++)
		same &= words[i] == i * i;
	CHECK(same);
	CHECK(!close(fd) && !unlink(FOLDER "/large"));
	free(words);
}

/* ---- Streams ---- */

static void streams(void)
{
	FILE *file = fopen(FOLDER "/s", "w");
	size_t length;
	char *line;

	CHECK(file);
	for (int i = 0; i < 3000; i++)
		fprintf(file, "line %d\n", i);
	fputs("no end", file);
	CHECK(!fclose(file));
	file = fopen(FOLDER "/s", "r");
	for (int i = 0; i < 3000; i++) {
		line = fgetline(file, &length);
		if (!line || atoi(line + 5) != i)
			break;
	}
	CHECK((line = fgetline(file, &length)) && length == 6 && !strcmp(line, "no end"));
	CHECK(!fgetline(file, &length) && feof(file) && !ferror(file));
	CHECK(!fclose(file) && !unlink(FOLDER "/s"));
	file = fopen(FOLDER "/s", "r");
	CHECK(!file && errno == ENOENT);
}

/* ---- Pipes and processes ---- */

static int status_of(pid_t pid)
{
	int status = -1;

	CHECK(waitpid(pid, &status, 0) == pid);
	return status;
}

/* What an answer did not bring to a reader, here for want of a place, is there for the next one. */
static void pipe_loses_nothing(void)
{
	static char text[SHORT_MAX + 1];
	int fd[2];
	struct ask request = { .label = PIPE_READ };

	CHECK(!pipe(fd) && write(fd[1], text, sizeof(text)) == sizeof(text));
	request.word[0] = descriptor_of(fd[0])->number;
	request.word[1] = sizeof(text);
	CHECK(ask(SLOT_PIPE, &request) == EINVAL);
	CHECK(write(fd[1], "x", 1) == 1);
	CHECK(read(fd[0], text, sizeof(text)) == sizeof(text) && !text[0]);
	CHECK(!close(fd[0]) && !close(fd[1]));
}

static void pipes(void)
{
	char text[8];
	int fd[2];

	CHECK(!pipe(fd));
	CHECK(write(fd[1], "abc", 3) == 3 && read(fd[0], text, sizeof(text)) == 3);
	CHECK(write(fd[0], "x", 1) == -1 && errno == EACCES);
	CHECK(!close(fd[1]) && read(fd[0], text, sizeof(text)) == 0);
	CHECK(!close(fd[0]));
	CHECK(!pipe(fd) && !close(fd[0]));
	CHECK(write(fd[1], "x", 1) == -1 && errno == EPIPE);
	CHECK(!close(fd[1]));
	pipe_loses_nothing();
}

/* More than a pipe holds, to a child that adds it up. */
static void child_that_adds(int from, u32 bytes, u32 sum)
{
	static u8 buffer[5000];
	ssize_t got;

	while ((got = read(from, buffer, sizeof(buffer))) > 0)
		for (bytes -= (u32)got; got--;)
			sum -= buffer[got];
	_exit(got || bytes || sum ? 1 : 7);
}

static void pipe_to_child(void)
{
	static u8 buffer[3000];
	u32 sum = 0, bytes = 100 * sizeof(buffer);
	pid_t child;
	int fd[2];

	for (u32 i = 0; i < sizeof(buffer); i++)
		sum += buffer[i] = (u8)(i * 5);
	CHECK(!pipe(fd));
	child = fork();
	if (!child) {
		close(fd[1]);
		child_that_adds(fd[0], bytes, 100 * sum);
	}
	CHECK(child > 0 && !close(fd[0]));
	for (u32 i = 0; i < 100; i++)
		CHECK(write(fd[1], buffer, sizeof(buffer)) == (ssize_t)sizeof(buffer));
	CHECK(!close(fd[1]));
	CHECK(status_of(child) == 7);
}

static bool fork_and_wait(void)
{
	pid_t child = fork();

	if (!child)
		_exit(5);
	return child > 0 && status_of(child) == 5;
}

#define PIPE_HOLDS 0x10000u
#define WRITTEN 7
#define NO_READER 8
static char block[PIPE_HOLDS];

static pid_t child_that_writes(const int fd[2], u32 bytes)
{
	pid_t child = fork();

	if (child)
		return child;
	close(fd[0]);
	if (write(fd[1], block, bytes) == (ssize_t)bytes)
		_exit(WRITTEN);
	_exit(errno == EPIPE ? NO_READER : 1);
}

/* What it holds is taken from one who does not read it; others wait, and lose nothing. */
static void full_pipe(void)
{
	pid_t first, second;
	u32 bytes = 0;
	ssize_t got;
	int fd[2];

	CHECK(!pipe(fd));
	CHECK(write(fd[1], block, PIPE_HOLDS) == PIPE_HOLDS);
	first = child_that_writes(fd, 3000);
	second = child_that_writes(fd, 5000);
	CHECK(!close(fd[1]));
	while ((got = read(fd[0], block, 4000)) > 0)
		bytes += (u32)got;
	CHECK(bytes == PIPE_HOLDS + 8000);
	CHECK(status_of(first) == WRITTEN && status_of(second) == WRITTEN && !close(fd[0]));

	CHECK(!pipe(fd) && write(fd[1], block, PIPE_HOLDS) == PIPE_HOLDS);
	first = child_that_writes(fd, 3000);
	CHECK(fork_and_wait()); /* it waits meanwhile */
	CHECK(!close(fd[0]) && status_of(first) == NO_READER && !close(fd[1]));
}

static volatile u32 shared = 1;

static void processes(void)
{
	pid_t own = getpid(), child = fork();
	static char hello[] = "hello", nothing[] = "nothing";
	char *const program[] = { hello, NULL }, *const none[] = { nothing, NULL };

	if (!child) {
		shared = 2;
		_exit(getppid() == own && getpid() != own ? 3 : 4);
	}
	CHECK(own > 0 && child > 0 && status_of(child) == 3 && shared == 1);
	child = fork();
	if (!child) {
		execvp("hello", program);
		_exit(9);
	}
	CHECK(status_of(child) == 0);
	CHECK(spawnvp("nothing", none) == -1 && errno == ENOENT);
	CHECK(execvp("nothing", none) == -1 && errno == ENOENT);
	CHECK(waitpid(0, NULL, 0) == -1 && errno == ECHILD);
	child = spawnvp("hello", program);
	CHECK(child > 0 && status_of(child) == 0);
}

static void kills(void)
{
	pid_t child = fork();

	if (!child) {
		sleep(1000);
		_exit(0);
	}
	CHECK(waitpid(child, NULL, WNOHANG) == 0);
	CHECK(!kill(child) && status_of(child) == 137);
	CHECK(kill(child) == -1 && errno == ESRCH);
}

/* What a program writes by descriptor 1 of its parent's. */
static void redirection(void)
{
	static char name[] = "args", one[] = "one", two[] = "two words";
	char *const program[] = { name, one, two, NULL };
	int saved = fcntl(1, F_DUPFD, 3), fd = open(FOLDER "/out", O_RDWR | O_CREAT);
	char text[256] = "";
	pid_t child;

	CHECK(saved > 2 && !fcntl(saved, F_SETFD, FD_CLOEXEC));
	fflush(stdout);
	CHECK(dup2(fd, 1) == 1);
	child = spawnvp("args", program);
	dup2(saved, 1);
	close(saved);
	CHECK(child > 0 && status_of(child) >= 0);
	CHECK(!lseek(fd, 0, SEEK_SET) && read(fd, text, sizeof(text) - 1) > 0);
	CHECK(strchr(text, '2') && strchr(text, '\n'));
	CHECK(!close(fd) && !unlink(FOLDER "/out"));
}

/* ---- Servers that die ---- */

/* Files, what is open, and the position outlive it. */
static void death_of_ramfs(void)
{
	int fd = open(FOLDER "/kept", O_RDWR | O_CREAT);
	char text[16];
	struct stat found;

	CHECK(write(fd, "hello world", 11) == 11 && lseek(fd, 6, SEEK_SET) == 6);
	for (u32 i = 0; i < 3; i++)
		CHECK(!kill_server(PIDS + SERVER_RAMFS) && !stat("/bin/hello", &found));
	CHECK(read(fd, text, sizeof(text)) == 5 && !memcmp(text, "world", 5));
	CHECK(!close(fd) && !unlink(FOLDER "/kept"));
}

/* What was in it is lost, and its users hear of it, also when there are others at their places. */
static void death_of_pipe(void)
{
	char byte;
	int fd[2], next[2];

	CHECK(!pipe(fd) && write(fd[1], "x", 1) == 1);
	CHECK(!kill_server(PIDS + SERVER_PIPE));
	CHECK(read(fd[0], &byte, 1) == -1 && errno == EIO);
	CHECK(!pipe(next) && write(next[1], "y", 1) == 1);
	CHECK(write(fd[1], "x", 1) == -1 && errno == EIO);
	CHECK(read(fd[0], &byte, 1) == -1 && errno == EIO);
	CHECK(read(next[0], &byte, 1) == 1 && byte == 'y');
	close(next[0]);
	close(next[1]);
	close(fd[0]);
	close(fd[1]);
	pipes();
}

static void deaths(void)
{
	static const u32 servers[] = { SERVER_NAMES, SERVER_CON, SERVER_PROC };

	for (u32 i = 0; i < ARRAY_SIZE(servers); i++) {
		CHECK(!kill_server(PIDS + servers[i]));
		CHECK(fork_and_wait());
	}
}

/* ---- Names ---- */

#define SLOT_FOUND 100u

/* What is found is the server itself, which knows who asks. */
static void lookup(void)
{
	struct fs_stat stat = { 0 };
	struct ask request = {
		.label = FS_STAT, .string = "/bin", .size = 5, .place = &stat, .room = sizeof(stat)
	};
	struct ask parent = { .label = PROC_PARENT };

	CHECK(!server_find("ramfs", SLOT_FOUND));
	CHECK(!ask(SLOT_FOUND, &request) && stat.folder);
	handle_drop(SLOT_FOUND, 0);
	CHECK(!server_find("proc", SLOT_FOUND));
	CHECK(!ask(SLOT_FOUND, &parent) && (pid_t)parent.word0 == getppid());
	handle_drop(SLOT_FOUND, 0);
}

static void names(void)
{
	struct ask entry = { .label = NAMES_ENTRY };
	struct ask registers = { .label = NAMES_REGISTER, .string = "proc", .size = 5 };

	lookup();
	CHECK(!kill_server(PIDS + SERVER_NAMES));
	lookup();
	CHECK(server_find("nobody", SLOT_FOUND) == -1 && errno == ENOENT);
	CHECK(server_find("a name that is longer than any is", SLOT_FOUND) == -1);
	CHECK(errno == ENAMETOOLONG);
	CHECK(ask(SLOT_NAMES, &registers) == EPERM);
	while (!ask(SLOT_NAMES, &entry))
		entry.word[0]++;
	CHECK(entry.word[0] == 4);
}

/* ---- The heap and the clock ---- */

static void heap(void)
{
	char *blocks[64];
	bool same = true;

	for (u32 i = 0; i < ARRAY_SIZE(blocks); i++) {
		blocks[i] = malloc(i * 1000 + 1);
		CHECK(blocks[i]);
		memset(blocks[i], (int)i, i * 1000 + 1);
	}
	for (u32 i = 0; i < ARRAY_SIZE(blocks); i++)
		same &= blocks[i][i * 1000] == (char)i;
	CHECK(same);
	for (u32 i = 0; i < ARRAY_SIZE(blocks); i++)
		free(blocks[i]);
	blocks[0] = malloc(0xF0000000u);
	CHECK(!blocks[0] && errno == ENOMEM);
	CHECK(!setenv("CHECKS", "yes", 1) && !strcmp(getenv("CHECKS"), "yes"));
	CHECK(!getenv("CHECK"));
}

static void clocks(void)
{
	u64 before = uptime_us();

	CHECK(!usleep(30000));
	CHECK(uptime_us() - before >= 30000);
	CHECK(!getenv("BOOTED") || time_now() >= (u32)strtol(getenv("BOOTED"), NULL, 10));
}

static const struct {
	const char *name;
	void (*run)(void);
} all[] = {
	{ "files", files },
	{ "paths", paths },
	{ "folders", folders },
	{ "large_file", large_file },
	{ "streams", streams },
	{ "pipes", pipes },
	{ "pipe_to_child", pipe_to_child },
	{ "full_pipe", full_pipe },
	{ "processes", processes },
	{ "kills", kills },
	{ "redirection", redirection },
	{ "death_of_ramfs", death_of_ramfs },
	{ "death_of_pipe", death_of_pipe },
	{ "deaths", deaths },
	{ "names", names },
	{ "heap", heap },
	{ "clocks", clocks },
};

int main(void)
{
	CHECK(!mkdir(FOLDER, 0));
	printf("TAP version 13\n1..%u\n", (u32)ARRAY_SIZE(all));
	for (u32 i = 0; i < ARRAY_SIZE(all); i++) {
		int before = failures;

		running = all[i].name;
		all[i].run();
		printf("%sok %u - %s\n", failures == before ? "" : "not ", i + 1, running);
	}
	CHECK(!rmdir(FOLDER));
	return failures;
}
