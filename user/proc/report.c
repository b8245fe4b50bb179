/* Messages about crashes: see report.h. */
#include "user/proc/report.h"

#include "lib/compiler.h"
#include "lib/format.h"
#include "lib/string.h"
#include "user/lib/ask.h"
#include "user/lib/errno.h"
#include "user/lib/layout.h"
#include "user/lib/print.h"
#include "user/lib/protocol/con.h"
#include "user/proc/files.h"
#include "user/proc/symbol.h"
#include "user/proc/table.h"

#define VECTOR_PAGE_FAULT 14u

/* Intel SDM volume 3, 6.3.1. */
static const char *const names[] = { "division error", "debug exception", "NMI", "breakpoint",
	"overflow", "BOUND range exceeded", "invalid opcode", "no floating point", "double fault",
	"exception 9", "invalid TSS", "segment not present", "stack fault", "general protection",
	"page fault", "exception 15", "floating point", "alignment check" };

struct text {
	char *next;
	u32 left;
};

static void add(struct text *text, const char *fmt, ...) __printf_like(2, 3);
static void add(struct text *text, const char *fmt, ...)
{
	va_list args;
	int length;

	va_start(args, fmt);
	length = vsnprintf(text->next, text->left, fmt, args);
	va_end(args);
	if (length < 0 || (u32)length >= text->left)
		return;
	text->next += length;
	text->left -= (u32)length;
}

static const char *access_of(const struct pager_death *death)
{
	if (FAULT_FETCH(death->label))
		return "execution";
	return FAULT_WRITE(death->label) ? "write" : "read";
}

static void add_cause(struct text *text, const struct pager_death *death)
{
	u32 vector = death->vector;

	if (vector != VECTOR_PAGE_FAULT)
		add(text, "%s", vector < ARRAY_SIZE(names) ? names[vector] : "exception");
	else if (death->error == ENOMEM)
		add(text, "out of memory, %s at 0x%08x", access_of(death), death->address);
	else if (death->error == EQUOTA)
		add(text, "beyond its limit, %s at 0x%08x", access_of(death), death->address);
	else
		add(text, "page fault, %s at 0x%08x", access_of(death), death->address);
}

/* `size` 0: there is no file that names it. */
static void add_place(struct text *text, u32 size, u32 address)
{
	u32 start;
	const char *name =
		size ? elf_symbol((const void *)FILE_WINDOW, size, address, &start) : NULL;

	if (name)
		add(text, "  0x%08x %.40s+0x%x\n", address, name, address - start);
	else
		add(text, "  0x%08x\n", address);
}

/* The call before the return address is what belongs to the function. */
static void add_trace(struct text *text, const char *path, const struct pager_death *death)
{
	u32 size = 0;
	bool open = *path && !file_open(path, &size);

	add_place(text, open ? size : 0, death->registers.eip);
	for (u32 i = 0; i < death->frames && i < DEATH_FRAMES; i++)
		add_place(text, open ? size : 0, death->frame[i] - 1);
}

static void write(const char *text, u32 size)
{
	struct ask request = {
		.label = CON_WRITE, .string = text, .size = size, .timeout = SERVER_TIME
	};

	if (ask(SLOT_CON, &request))
		printf("%s", text);
}

void report_death(const char *path, u32 pid, const struct pager_death *death)
{
	static char buffer[2048];
	struct text text = { buffer, sizeof(buffer) };

	add(&text, "%.32s: pid %u: ", path_name(path), pid);
	if (death->error != ENOMEM || death->label) {
		add_cause(&text, death);
		add(&text, ", eip 0x%08x\n", death->registers.eip);
		add_trace(&text, path, death);
	} else {
		add(&text, "out of memory, and it had most of it\n");
	}
	write(buffer, (u32)(text.next - buffer));
}
