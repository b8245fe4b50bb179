/* printf and its kin: text is formatted in pieces of 256 bytes, each written at once. */
#include "lib/string.h"
#include "user/lib/c/stdio.h"
#include "user/lib/c/unistd.h"

struct stream_sink {
	struct sink sink;
	FILE *stream;
	bool failed;
	u32 length;
	char text[256];
};

static void flush(struct stream_sink *out)
{
	if (out->length && fwrite(out->text, 1, out->length, out->stream) != out->length)
		out->failed = true;
	out->length = 0;
}

static void put(struct sink *sink, char c)
{
	struct stream_sink *out = container_of(sink, struct stream_sink, sink);

	out->text[out->length++] = c;
	if (out->length == sizeof(out->text))
		flush(out);
}

int vfprintf(FILE *stream, const char *fmt, va_list args)
{
	struct stream_sink out;
	int length;

	out.sink.put = put;
	out.stream = stream;
	out.failed = false;
	out.length = 0;
	length = vformat(&out.sink, fmt, args);
	flush(&out);
	return out.failed ? EOF : length;
}

int fprintf(FILE *stream, const char *fmt, ...)
{
	va_list args;
	int length;

	va_start(args, fmt);
	length = vfprintf(stream, fmt, args);
	va_end(args);
	return length;
}

int vprintf(const char *fmt, va_list args) { return vfprintf(stdout, fmt, args); }

int printf(const char *fmt, ...)
{
	va_list args;
	int length;

	va_start(args, fmt);
	length = vprintf(fmt, args);
	va_end(args);
	return length;
}

void perror(const char *text) { fprintf(stderr, "%s: %s\n", text, strerror(errno)); }
