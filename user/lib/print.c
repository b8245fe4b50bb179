/* printf over SYS_PRINT: see print.h. */
#include "user/lib/print.h"

#include "user/lib/calls.h"

struct console_sink {
	struct sink sink;
	u32 length;
	char text[256];
};

static void flush(struct console_sink *console)
{
	if (console->length)
		sys_ctl(0, SYS_PRINT, (u32)(uintptr_t)console->text, console->length);
	console->length = 0;
}

static void put(struct sink *sink, char c)
{
	struct console_sink *console = container_of(sink, struct console_sink, sink);

	console->text[console->length++] = c;
	if (console->length == sizeof(console->text))
		flush(console);
}

int vprintf(const char *fmt, va_list args)
{
	struct console_sink console;
	int length;

	console.sink.put = put;
	console.length = 0;
	length = vformat(&console.sink, fmt, args);
	flush(&console);
	return length;
}

int printf(const char *fmt, ...)
{
	va_list args;
	int length;

	va_start(args, fmt);
	length = vprintf(fmt, args);
	va_end(args);
	return length;
}

static const struct {
	u32 error;
	const char *name;
} names[] = {
	{ 0, "no error" },
	{ EPERM, "EPERM" },
	{ E2BIG, "E2BIG" },
	{ EBADH, "EBADH" },
	{ EAGAIN, "EAGAIN" },
	{ ENOMEM, "ENOMEM" },
	{ EFAULT, "EFAULT" },
	{ EBUSY, "EBUSY" },
	{ EEXIST, "EEXIST" },
	{ EINVAL, "EINVAL" },
	{ ENOSLOT, "ENOSLOT" },
	{ EMSGSIZE, "EMSGSIZE" },
	{ ETIMEDOUT, "ETIMEDOUT" },
	{ EQUOTA, "EQUOTA" },
	{ EDEAD, "EDEAD" },
};

const char *error_name(u32 error)
{
	for (u32 i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].error == error)
			return names[i].name;
	return "unknown error";
}
