/* Descriptors: the table, and what read, write and close ask of each server.  See descriptor.h. */
#include "user/lib/posix/descriptor.h"

#include "lib/compiler.h"
#include "user/lib/ask.h"
#include "user/lib/c/fcntl.h"
#include "user/lib/c/unistd.h"
#include "user/lib/layout.h"
#include "user/lib/protocol/con.h"
#include "user/lib/protocol/fs.h"
#include "user/lib/protocol/pipe.h"

struct descriptor descriptors[DESCRIPTORS] = {
	[STDOUT_FILENO] = { .kind = FILE_KERNEL },
	[STDERR_FILENO] = { .kind = FILE_KERNEL },
};
int errno;

int failed(u32 error)
{
	errno = (int)error;
	return -1;
}

/* ---- What each kind asks of whom ---- */

static u32 kernel_write(struct ask *request)
{
	u32 address = (u32)(uintptr_t)request->string, left = request->size, error = 0;

	for (u32 n; left && !error; left -= n, address += n) {
		n = MIN(left, PRINT_MAX);
		error = sys_ctl(0, SYS_PRINT, address, n).error;
	}
	request->word0 = request->size;
	return error;
}

static const struct {
	u32 endpoint;
	u32 read, write, close; /* labels, 0: none */
	bool again;             /* reading and writing twice does no harm */
} servers[] = {
	[FILE_CON] = { SLOT_CON, CON_READ, CON_WRITE, 0, true },
	[FILE_FS] = { SLOT_FS, FS_READ, FS_WRITE, FS_CLOSE, false },
	[FILE_PIPE] = { SLOT_PIPE, PIPE_READ, PIPE_WRITE, PIPE_CLOSE, false },
};

/* con takes the bytes as word 0, the others behind the number. */
static void put_words(const struct descriptor *descriptor, struct ask *request, u32 bytes)
{
	bool numbered = descriptor->kind != FILE_CON;

	request->word[0] = numbered ? descriptor->number : bytes;
	request->word[1] = numbered ? bytes : 0;
}

#define PAUSE 1000u /* microseconds */

/*
 * EAGAIN of con or pipe: as many of this process wait there as may, which is no concern of whoever
 * has a thread too many.
 */
static u32 transfer(const struct descriptor *descriptor, struct ask *request, u32 label, u32 bytes)
{
	u32 error;

	request->label = label;
	request->again = servers[descriptor->kind].again;
	put_words(descriptor, request, bytes);
	while ((error = ask(servers[descriptor->kind].endpoint, request)) == EAGAIN)
		usleep(PAUSE);
	return error;
}

static u32 read_some(const struct descriptor *descriptor, struct ask *request)
{
	if (descriptor->kind == FILE_KERNEL)
		return EACCES;
	if (descriptor->kind == FILE_NULL)
		return 0;
	return transfer(descriptor, request, servers[descriptor->kind].read, request->room);
}

static u32 write_some(const struct descriptor *descriptor, struct ask *request)
{
	if (descriptor->kind == FILE_KERNEL)
		return kernel_write(request);
	request->word0 = request->size;
	if (descriptor->kind == FILE_NULL)
		return 0;
	return transfer(descriptor, request, servers[descriptor->kind].write, request->size);
}

/* The server hears nothing while another descriptor stands for the same. */
static u32 close_pair(u32 kind, u32 number)
{
	for (u32 i = 0; i < DESCRIPTORS; i++)
		if (descriptors[i].kind == kind && descriptors[i].number == number)
			return 0;
	if (kind == FILE_KERNEL || kind == FILE_NULL || !servers[kind].close)
		return 0;
	return ask(servers[kind].endpoint,
		&(struct ask){ .label = servers[kind].close, .word = { number }, .again = true });
}

/* ---- The table ---- */

void descriptors_begin(const struct startup *startup)
{
	u32 unwanted = 0;

	for (u32 i = 0; i < DESCRIPTORS; i++) {
		u32 kind = startup->file[i].kind & FILE_KINDS;

		descriptors[i] = (struct descriptor){ kind <= FILE_NULL ? kind : FILE_NONE,
			startup->file[i].number, false };
		unwanted |= (startup->file[i].kind & FILE_CLOSE ? 1u : 0u) << i;
	}
	for (u32 i = 0; i < DESCRIPTORS; i++)
		if (unwanted & 1u << i)
			close((int)i);
}

void descriptors_pass(struct startup *startup)
{
	for (u32 i = 0; i < DESCRIPTORS; i++) {
		startup->file[i].kind = descriptors[i].kind;
		if (descriptors[i].kind != FILE_NONE && descriptors[i].not_passed)
			startup->file[i].kind |= FILE_CLOSE;
		startup->file[i].number = descriptors[i].number;
	}
}

int descriptor_new(u32 least, u32 kind, u32 number)
{
	for (u32 i = least; i < DESCRIPTORS; i++)
		if (descriptors[i].kind == FILE_NONE) {
			descriptors[i] = (struct descriptor){ kind, number, false };
			return (int)i;
		}
	return failed(EMFILE);
}

struct descriptor *descriptor_of(int fd)
{
	if (fd < 0 || (u32)fd >= DESCRIPTORS || descriptors[fd].kind == FILE_NONE) {
		errno = EBADF;
		return NULL;
	}
	return &descriptors[fd];
}

struct descriptor *descriptor_of_kind(int fd, u32 kind, int error)
{
	struct descriptor *descriptor = descriptor_of(fd);

	if (descriptor && descriptor->kind != kind) {
		errno = error;
		return NULL;
	}
	return descriptor;
}

/* ---- POSIX ---- */

ssize_t read(int fd, void *buffer, size_t size)
{
	struct descriptor *descriptor = descriptor_of(fd);
	struct ask request = { .place = buffer, .room = MIN((u32)size, DATA_MAX) };
	u32 error;

	if (!descriptor)
		return -1;
	if (!size)
		return 0;
	error = read_some(descriptor, &request);
	return error ? failed(error) : (ssize_t)request.word0;
}

ssize_t write(int fd, const void *buffer, size_t size)
{
	struct descriptor *descriptor = descriptor_of(fd);
	u32 done = 0;

	if (!descriptor)
		return -1;
	while (done < size) {
		struct ask request = { .string = (const char *)buffer + done,
			.size = MIN((u32)size - done, DATA_MAX) };
		u32 error = write_some(descriptor, &request);

		/* Who gets less than all finds out why, as would the next write. */
		if (error && failed(error) && !done)
			return -1;
		if (error)
			break;
		/* A pipe that was full may have room now. */
		if (!request.word0 && descriptor->kind != FILE_PIPE)
			break;
		done += MIN(request.word0, request.size);
	}
	return (ssize_t)done;
}

int close(int fd)
{
	struct descriptor *descriptor = descriptor_of(fd), old;
	u32 error;

	if (!descriptor)
		return -1;
	old = *descriptor;
	descriptor->kind = FILE_NONE;
	error = close_pair(old.kind, old.number);
	return error ? failed(error) : 0;
}

int dup(int fd) { return fcntl(fd, F_DUPFD, 0); }

int dup2(int from, int to)
{
	struct descriptor *source = descriptor_of(from);

	if (!source)
		return -1;
	if (to < 0 || (u32)to >= DESCRIPTORS)
		return failed(EBADF);
	if (from == to)
		return to;
	if (descriptors[to].kind != FILE_NONE)
		close(to);
	descriptors[to] = (struct descriptor){ source->kind, source->number, false };
	return to;
}

int fcntl(int fd, int what, int argument)
{
	struct descriptor *descriptor = descriptor_of(fd);

	if (!descriptor)
		return -1;
	switch (what) {
	case F_DUPFD:
		return argument < 0 ? failed(EINVAL)
				    : descriptor_new(
					      (u32)argument, descriptor->kind, descriptor->number);
	case F_GETFD: return descriptor->not_passed ? FD_CLOEXEC : 0;
	case F_SETFD: descriptor->not_passed = argument & FD_CLOEXEC; return 0;
	default: return failed(EINVAL);
	}
}

int pipe(int fd[2])
{
	struct ask request = { .label = PIPE_NEW, .again = true };
	u32 error = ask(SLOT_PIPE, &request);

	if (error)
		return failed(error);
	fd[0] = descriptor_new(0, FILE_PIPE, request.word0);
	fd[1] = descriptor_new(0, FILE_PIPE, request.word1);
	if (fd[1] >= 0)
		return 0;
	if (fd[0] >= 0)
		close(fd[0]);
	else
		close_pair(FILE_PIPE, request.word0);
	close_pair(FILE_PIPE, request.word1);
	return failed(EMFILE);
}

int isatty(int fd)
{
	const struct descriptor *descriptor = descriptor_of(fd);

	return descriptor && descriptor->kind == FILE_CON;
}
