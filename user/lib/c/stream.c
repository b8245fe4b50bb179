/* Streams: buffers before read and write.  See stdio.h. */
#include "user/lib/c/stream.h"

#include "lib/string.h"
#include "user/lib/c/fcntl.h"
#include "user/lib/c/stdlib.h"
#include "user/lib/c/unistd.h"
#include "user/lib/posix/descriptor.h"

static struct stream standard[] = {
	{ .fd = STDIN_FILENO },
	{ .fd = STDOUT_FILENO, .writes = true },
	{ .fd = STDERR_FILENO, .writes = true, .unbuffered = true },
};
FILE *const stdin = &standard[0], *const stdout = &standard[1], *const stderr = &standard[2];
static struct stream *opened;

/* ---- Opening and closing ---- */

static int flags_of(const char *mode)
{
	if (strchr(mode, '+'))
		return 0;
	switch (mode[0]) {
	case 'r': return O_RDONLY;
	case 'w': return O_WRONLY | O_CREAT | O_TRUNC;
	case 'a': return O_WRONLY | O_CREAT | O_APPEND;
	default: return 0;
	}
}

static FILE *no_stream(int error)
{
	errno = error;
	return NULL;
}

FILE *fdopen(int fd, const char *mode)
{
	int flags = flags_of(mode);
	FILE *stream = flags ? malloc(sizeof(*stream)) : NULL;

	if (!stream)
		return no_stream(flags ? ENOMEM : EINVAL);
	memset(stream, 0, offsetof(struct stream, buffer));
	stream->fd = fd;
	stream->writes = flags & O_WRONLY;
	stream->next = opened;
	opened = stream;
	return stream;
}

FILE *fopen(const char *path, const char *mode)
{
	int flags = flags_of(mode), fd = flags ? open(path, flags) : -1;
	FILE *stream;

	if (fd < 0)
		return flags ? NULL : no_stream(EINVAL);
	stream = fdopen(fd, mode);
	if (!stream)
		close(fd);
	return stream;
}

static void forget(FILE *stream)
{
	struct stream **link = &opened;

	while (*link && *link != stream)
		link = &(*link)->next;
	if (*link) {
		*link = stream->next;
		free(stream);
	}
}

int fclose(FILE *stream)
{
	int flushed = fflush(stream), closed = close(stream->fd);

	free(stream->line);
	stream->line = NULL;
	forget(stream);
	return flushed || closed ? EOF : 0;
}

/* ---- Writing ---- */

static bool put_out(FILE *stream, const char *bytes, u32 size)
{
	if (write(stream->fd, bytes, size) == (ssize_t)size)
		return true;
	stream->error = true;
	return false;
}

static int flush(FILE *stream)
{
	u32 size = stream->writes ? stream->filled : 0;

	if (!size)
		return 0;
	stream->filled = 0;
	return put_out(stream, stream->buffer, size) ? 0 : EOF;
}

int streams_end(void)
{
	int worst = flush(stdout);

	for (struct stream *stream = opened; stream; stream = stream->next)
		worst |= flush(stream);
	return worst;
}

int fflush(FILE *stream)
{
	if (stream)
		return flush(stream);
	return streams_end();
}

/* What goes to the kernel's console goes at once: several threads may print. */
static bool is_unbuffered(const FILE *stream)
{
	const struct descriptor *descriptor = descriptor_of(stream->fd);

	return stream->unbuffered || (descriptor && descriptor->kind == FILE_KERNEL);
}

static bool ends_a_line(const char *bytes, u32 size)
{
	while (size && bytes[size - 1] != '\n')
		size--;
	return size;
}

/* False: an error. */
static bool keep(FILE *stream, const char *bytes, u32 size)
{
	if (size > BUFSIZ - stream->filled && flush(stream))
		return false;
	if (size >= BUFSIZ)
		return put_out(stream, bytes, size);
	memcpy(stream->buffer + stream->filled, bytes, size);
	stream->filled += size;
	return !ends_a_line(bytes, size) || !isatty(stream->fd) || !flush(stream);
}

size_t fwrite(const void *buffer, size_t size, size_t count, FILE *stream)
{
	u32 bytes = (u32)(size * count);
	bool done;

	if (!bytes)
		return 0;
	if (!stream->writes) {
		stream->error = true;
		errno = EBADF;
		return 0;
	}
	done = is_unbuffered(stream) ? put_out(stream, buffer, bytes) : keep(stream, buffer, bytes);
	return done ? count : 0;
}

int fputc(int c, FILE *stream)
{
	char byte = (char)c;

	return fwrite(&byte, 1, 1, stream) ? (u8)byte : EOF;
}

int fputs(const char *text, FILE *stream)
{
	size_t length = strlen(text);

	return fwrite(text, 1, length, stream) == length ? 0 : EOF;
}

int putchar(int c) { return fputc(c, stdout); }

int puts(const char *text) { return fputs(text, stdout) || putchar('\n') == EOF ? EOF : 0; }

/* ---- Reading ---- */

/* How many bytes there are now; 0: the end, or an error. */
static u32 fill(FILE *stream)
{
	ssize_t got;

	if (stream->taken < stream->filled)
		return stream->filled - stream->taken;
	if (stream == stdin)
		flush(stdout);
	if (stream->writes)
		errno = EBADF;
	got = stream->writes ? -1 : read(stream->fd, stream->buffer, BUFSIZ);
	stream->error |= got < 0;
	stream->end |= !got;
	if (got <= 0)
		return 0;
	stream->taken = 0;
	stream->filled = (u32)got;
	return stream->filled;
}

int fgetc(FILE *stream) { return fill(stream) ? (u8)stream->buffer[stream->taken++] : EOF; }

int getchar(void) { return fgetc(stdin); }

/* Takes what is there, but nothing behind an end of line: at most `room` bytes. */
static u32 take_of_line(FILE *stream, char *to, u32 room)
{
	const char *from = stream->buffer + stream->taken;
	u32 there = MIN(stream->filled - stream->taken, room), n = 0;

	while (n < there && (n == 0 || from[n - 1] != '\n'))
		n++;
	memcpy(to, from, n);
	stream->taken += n;
	return n;
}

char *fgets(char *line, int size, FILE *stream)
{
	u32 length = 0, room = (u32)size - 1;

	if (size <= 1)
		return NULL;
	while (length < room && (!length || line[length - 1] != '\n') && fill(stream))
		length += take_of_line(stream, line + length, room - length);
	line[length] = 0;
	return length ? line : NULL;
}

static bool have_room(FILE *stream, size_t length)
{
	char *line;

	if (stream->room >= length + BUFSIZ + 1)
		return true;
	line = realloc(stream->line, 2 * (length + BUFSIZ));
	if (!line) {
		errno = ENOMEM;
		stream->error = true;
		return false;
	}
	stream->line = line;
	stream->room = 2 * (length + BUFSIZ);
	return true;
}

char *fgetline(FILE *stream, size_t *length)
{
	size_t n = 0;

	do {
		if (!fill(stream))
			break;
		if (!have_room(stream, n))
			return NULL;
		n += take_of_line(stream, stream->line + n, BUFSIZ);
	} while (stream->line[n - 1] != '\n');
	if (!n)
		return NULL;
	n -= stream->line[n - 1] == '\n';
	stream->line[n] = 0;
	if (length)
		*length = n;
	return stream->line;
}

size_t fread(void *buffer, size_t size, size_t count, FILE *stream)
{
	u32 bytes = (u32)(size * count), done = 0;

	while (done < bytes && fill(stream)) {
		u32 n = MIN(bytes - done, stream->filled - stream->taken);

		memcpy((char *)buffer + done, stream->buffer + stream->taken, n);
		stream->taken += n;
		done += n;
	}
	return size ? done / size : 0;
}

int fileno(FILE *stream) { return stream->fd; }
int ferror(FILE *stream) { return stream->error; }
int feof(FILE *stream) { return stream->end; }
