/* Requests to ramfs and pipe: see files.h. */
#include "user/proc/files.h"

#include "lib/compiler.h"
#include "lib/string.h"
#include "user/lib/ask.h"
#include "user/lib/layout.h"
#include "user/lib/protocol/pipe.h"

/* The file that the window shows, if it has pages. */
static struct fs_stat window;
static u32 window_pages;

u32 file_stat(const char *path, struct fs_stat *stat)
{
	struct ask request = { .label = FS_STAT,
		.string = path,
		.size = (u32)strlen(path) + 1,
		.place = stat,
		.room = sizeof(*stat),
		.again = true,
		.timeout = SERVER_TIME };
	u32 error = ask(SLOT_FS, &request);

	return !error && request.got != sizeof(*stat) ? EIO : error;
}

static u32 open_file(const char *path, u32 *number)
{
	struct ask request = { .label = FS_OPEN,
		.word = { OPEN_READ },
		.string = path,
		.size = (u32)strlen(path) + 1,
		.again = true,
		.timeout = SERVER_TIME };
	u32 error = ask(SLOT_FS, &request);

	*number = request.word0;
	return error;
}

static void close_number(u32 number)
{
	ask(SLOT_FS,
		&(struct ask){ .label = FS_CLOSE, .word = { number }, .timeout = SERVER_TIME });
}

static u32 read_all(u32 number, u32 size)
{
	u32 error = 0;

	for (u32 at = 0; at < size && !error;) {
		u32 bytes = MIN(size - at, DATA_MAX);
		struct ask request = { .label = FS_READ_AT,
			.word = { number, bytes, at },
			.place = (void *)(FILE_WINDOW + at),
			.room = bytes,
			.again = true,
			.timeout = SERVER_TIME };

		error = ask(SLOT_FS, &request);
		if (!error && (!request.got || request.got > bytes))
			error = EIO;
		at += request.got;
	}
	return error;
}

static u32 open_window(u32 size)
{
	u32 error;

	window_pages = (size + PAGE - 1) / PAGE;
	error = mem_alloc(0, 0, FILE_WINDOW | PROT_READ | PROT_WRITE, window_pages, 0).error;
	if (error)
		file_close();
	return error;
}

u32 file_open(const char *path, u32 *size)
{
	struct fs_stat stat;
	u32 number, error = file_stat(path, &stat);

	if (error)
		return error;
	if (stat.folder || !stat.size)
		return ENOEXEC;
	if (stat.size > FILE_MAX)
		return E2BIG;
	*size = stat.size;
	if (window_pages && window.number == stat.number && window.version == stat.version)
		return 0;
	file_close();
	error = open_file(path, &number);
	if (error)
		return error;
	window = stat;
	error = open_window(stat.size);
	if (!error) {
		error = read_all(number, stat.size);
		if (error)
			file_close();
	}
	close_number(number);
	return error;
}

void file_close(void)
{
	if (window_pages)
		mem_unmap(0, FILE_WINDOW, window_pages);
	window_pages = 0;
}

/* ---- What ramfs and pipe are told ---- */

/* A server that cannot be told has died, and with it what it knew of open files. */
static void tell(u32 slot, u32 label, u32 word0, u32 word1)
{
	ipc_call(slot, TAG(label, 2u, 0u), word0, word1, SERVER_TIME);
}

void files_fork(u32 parent, u32 child)
{
	tell(SLOT_FS, FS_FORK, parent, child);
	tell(SLOT_PIPE, PIPE_FORK, parent, child);
}

void files_exit(u32 pid)
{
	tell(SLOT_FS, FS_EXIT, pid, 0);
	tell(SLOT_PIPE, PIPE_EXIT, pid, 0);
}
