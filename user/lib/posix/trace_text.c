/* A call as text, decoded from the table of calls: see trace.h. */
#include "lib/compiler.h"
#include "lib/format.h"
#include "lib/string.h"
#include "user/lib/layout.h"
#include "user/lib/posix/trace.h"
#include "user/lib/protocol/proc.h"
#include "user/lib/startup.h"

#define CALL_ROW(number, name, arguments, errors, text) [number] = { #name, arguments },
static const struct {
	const char *name, *arguments;
} calls[CALL_NUMBERS] = { CALL_TABLE(CALL_ROW) };
#undef CALL_ROW

#define TEXT_SHOWN 32u

struct writer {
	struct sink sink;
	char *text;
	u32 length, size;
};

static void put(struct sink *sink, char c)
{
	struct writer *writer = container_of(sink, struct writer, sink);

	if (writer->length + 1 < writer->size)
		writer->text[writer->length++] = c;
}

__printf_like(2, 3) static void say(struct writer *writer, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vformat(&writer->sink, fmt, args);
	va_end(args);
}

/* ---- One argument: PLACE:NAME:WHAT ---- */

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static u32 value_at(const struct result *in, const char *place)
{
	if (begins(place, "h1"))
		return in->error >> 8 & HANDLE_MASK;
	if (begins(place, "h2"))
		return in->error >> (8 + HANDLE_BITS);
	if (begins(place, "esi"))
		return in->tag;
	if (begins(place, "edi"))
		return in->word0;
	return begins(place, "ebp") ? in->word1 : in->badge;
}

static const char *name_of_slot(u32 slot)
{
	static const char *const names[] = {
		[SLOT_TASK] = "self",
		[SLOT_THREAD] = "thread",
		[SLOT_PROC] = "proc",
		[SLOT_PAGER] = "pager",
		[SLOT_CON] = "con",
		[SLOT_FS] = "fs",
		[SLOT_PIPE] = "pipe",
		[SLOT_NAMES] = "names",
	};

	return slot < ARRAY_SIZE(names) ? names[slot] : NULL;
}

static void say_handle(struct writer *writer, u32 slot)
{
	const char *name = name_of_slot(slot);

	if (name)
		say(writer, "%s", name);
	else
		say(writer, "%u", slot);
}

/* What is no text is a point. */
static void say_string(struct writer *writer, const char *text, u32 size)
{
	say(writer, " \"");
	for (u32 i = 0; i < MIN(size, TEXT_SHOWN); i++)
		say(writer, "%c", text[i] >= ' ' && text[i] <= '~' ? text[i] : '.');
	say(writer, size > TEXT_SHOWN ? "\"..." : "\"");
}

/* Bytes of a request's string that are not shown: of a start-up object all before its texts. */
static u32 bytes_before_text(u32 slot, u32 label)
{
	bool starts = slot == SLOT_PROC && (label == PROC_EXEC || label == PROC_SPAWN);

	return starts ? sizeof(struct startup) : 0;
}

static void say_text(struct writer *writer, u32 before, const void *bytes, u32 size)
{
	if (before < size)
		say_string(writer, (const char *)bytes + before, size - before);
}

static void say_label(struct writer *writer, u32 slot, u32 label)
{
	const char *name = trace_request(slot, label);

	if (name)
		say(writer, "%s", name);
	else
		say(writer, "label %u", label);
}

static void say_tag(struct writer *writer, const struct result *in, const struct message *message)
{
	u32 tag = in->tag, slot = in->error >> 8 & HANDLE_MASK;
	u32 label = TAG_LABEL(tag) & ~LABEL_SHORT, before = bytes_before_text(slot, label);

	say_label(writer, slot, label);
	if (tag & LABEL_SHORT && TAG_WORDS(tag) > REQUEST_SHORT)
		say_text(writer, before, &message->word[REQUEST_SHORT + 1],
			MIN(message->word[REQUEST_SHORT], SHORT_MAX));
	for (u32 i = 0; i < MIN(TAG_ITEMS(tag), MESSAGE_ITEMS); i++) {
		const struct message_item *item = &message->item[i];

		if (item->kind == ITEM_STRING)
			say_text(writer, before, (const void *)(uintptr_t)item->at, item->size);
		else
			say(writer, " item of kind %u", item->kind);
	}
}

static void say_timeout(struct writer *writer, u32 timeout)
{
	if (timeout == TIMEOUT_NEVER)
		say(writer, "never");
	else
		say(writer, "%u us", timeout);
}

static void say_number(struct writer *writer, u32 value)
{
	say(writer, value < PAGE ? "%u" : "0x%x", value);
}

static void say_argument(struct writer *writer, const char *argument, const struct result *in,
	const struct message *message)
{
	const char *name = strchr(argument, ':') + 1, *what = strchr(name, ':') + 1;
	u32 value = value_at(in, argument);

	say(writer, "%.*s ", (int)(what - 1 - name), name);
	if (argument[0] == 'h')
		say_handle(writer, value);
	else if (begins(what, "tag"))
		say_tag(writer, in, message);
	else if (begins(what, "timeout"))
		say_timeout(writer, value);
	else
		say_number(writer, value);
}

/* ---- The call ---- */

static const char *next_argument(const char *argument)
{
	const char *blank = strchr(argument, ' ');

	return blank && blank[1] ? blank + 1 : NULL;
}

u32 trace_text(const struct result *in, const struct message *message, char *text, u32 size)
{
	struct writer writer = { { put }, text, 0, size };
	u32 number = in->error & 0xFFu;
	const char *argument;

	if (number >= CALL_NUMBERS || !calls[number].name) {
		say(&writer, "call %u(", number);
	} else {
		say(&writer, "%s(", calls[number].name);
		for (argument = calls[number].arguments; argument;) {
			say_argument(&writer, argument, in, message);
			argument = next_argument(argument);
			say(&writer, argument ? ", " : "");
		}
	}
	say(&writer, ")");
	text[writer.length] = 0;
	return writer.length;
}
