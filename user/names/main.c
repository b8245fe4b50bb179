/* The server of names: which endpoint serves which.  Handles lie in a slot for each name. */
#include "lib/compiler.h"
#include "lib/string.h"
#include "user/lib/server.h"
#include "user/names/table.h"

#define SLOT_NAME(number) (SLOT_SERVER_FREE + (number))

/* The string of a request as a name, or NULL. */
static const char *name_of(const struct request *request)
{
	const char *name = request->string;
	bool ends = name && request->size && !name[request->size - 1];

	return ends && *name && strlen(name) < NAME_MAX ? name : NULL;
}

/* Who registers again, as after a restart, takes the place of what was there. */
static u32 add(const struct request *request)
{
	const char *name = name_of(request);
	u32 number;

	if (!is_from_server(request))
		return EPERM;
	if (!name || !request->handle)
		return EINVAL;
	number = name_make(name);
	if (number == NO_NAME)
		return ENOSPC;
	handle_drop(SLOT_NAME(number), 0);
	return handle_copy(0, SLOT_NAME(number), SLOT_TAKEN, RIGHT_SEND | RIGHT_GRANT, 0).error;
}

static u32 find(const struct request *request, struct answer *answer)
{
	const char *name = name_of(request);
	u32 number = name ? name_find(name) : NO_NAME;

	if (number == NO_NAME)
		return ENOENT;
	answer->handle = SLOT_NAME(number);
	answer->rights = RIGHT_SEND;
	answer->badge = request->badge;
	return 0;
}

static u32 tell(u32 index, struct answer *answer)
{
	const char *name = name_at(index);

	if (!name)
		return ENOENT;
	answer->string = name;
	answer->size = (u32)strlen(name) + 1;
	return 0;
}

static void serve(const struct request *request, struct answer *answer)
{
	switch (request->label) {
	case NAMES_REGISTER: answer->error = add(request); break;
	case NAMES_LOOKUP: answer->error = find(request, answer); break;
	case NAMES_ENTRY: answer->error = tell(request->word[0], answer); break;
	default: answer->error = ENOSYS;
	}
}

/* What root has given is there before the first request, so a restart hides no server. */
static void add_servers(void)
{
	static const struct {
		u32 server;
		const char *name;
	} servers[] = { { SERVER_CON, "con" }, { SERVER_RAMFS, "ramfs" }, { SERVER_PIPE, "pipe" },
		{ SERVER_PROC, "proc" } };

	for (u32 i = 0; i < ARRAY_SIZE(servers); i++)
		handle_copy(0, SLOT_NAME(name_make(servers[i].name)), NAMES_SLOT(servers[i].server),
			RIGHT_SEND | RIGHT_GRANT, 0);
}

int main(void)
{
	static const struct server server = {
		.name = "names", .takes = TAKES_STRINGS | TAKES_HANDLES, .serve = serve
	};

	add_servers();
	server_run(&server);
}
