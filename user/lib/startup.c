/* The start-up object, written and read: see startup.h. */
#include "user/lib/startup.h"

#include "lib/string.h"

struct writer {
	char *next;
	u32 left;
	bool full;
};

static void put(struct writer *writer, const char *text)
{
	u32 size = (u32)strlen(text) + 1;

	if (size > writer->left) {
		writer->full = true;
		return;
	}
	memcpy(writer->next, text, size);
	writer->next += size;
	writer->left -= size;
}

static u32 put_list(struct writer *writer, const char *const *list)
{
	u32 count = 0;

	while (list && list[count])
		put(writer, list[count++]);
	return count;
}

u32 startup_write(struct startup *startup, u32 room, const struct startup_plan *plan)
{
	struct writer writer = { startup->text, room - (u32)sizeof(*startup), false };

	memset(startup, 0, sizeof(*startup));
	startup->flags = plan->flags;
	put(&writer, plan->path);
	startup->arguments = put_list(&writer, plan->argument);
	startup->variables = put_list(&writer, plan->variable);
	put(&writer, plan->folder);
	startup->size = (u32)(writer.next - (char *)startup);
	return writer.full ? 0 : startup->size;
}

static u32 strings(const struct startup *startup)
{
	return 1 + startup->arguments + startup->variables + 1;
}

bool startup_is_valid(const struct startup *startup, u32 size)
{
	u32 ends = 0;

	if (size < sizeof(*startup) || startup->size != size || size > STARTUP_MAX)
		return false;
	if (startup->arguments > size || startup->variables > size)
		return false;
	for (u32 i = 0; i < size - sizeof(*startup); i++)
		ends += !startup->text[i];
	return ends == strings(startup) && !((const char *)startup)[size - 1];
}

const char *startup_string(const struct startup *startup, u32 n)
{
	const char *text = startup->text;

	while (n--)
		text += strlen(text) + 1;
	return text;
}

void startup_strings(const struct startup *startup, u32 first, u32 count, char **list)
{
	const char *text = startup_string(startup, first);

	for (u32 i = 0; i < count; i++, text += strlen(text) + 1)
		list[i] = (char *)text;
	list[count] = NULL;
}
