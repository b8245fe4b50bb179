/* Open files of clients: see open.h. */
#include "user/ramfs/open.h"

#include "lib/string.h"
#include "user/lib/errno.h"
#include "user/ramfs/blocks.h"
#include "user/ramfs/content.h"

struct client {
	u32 sum;                 /* of the words behind it */
	u32 family;              /* 0: it is the first of its own */
	u16 open[FS_OPEN_FILES]; /* numbers of records, 0: none */
};

#define FILES 1024u /* records; the first is not used */
#define FILES_SIZE (FILES * sizeof(struct open_file))

_Static_assert(FILES_SIZE + CLIENTS * sizeof(struct client) <= OPEN_BLOCKS * BLOCK,
	"the records fit into their blocks");

/* Records in use: all, and each family's. */
static u32 used;
static u16 owned[CLIENTS];

static struct open_file *file_at(u32 file)
{
	return (struct open_file *)block_at(NODE_BLOCKS) + file;
}

static struct client *client_at(u32 client)
{
	return (struct client *)((u8 *)block_at(NODE_BLOCKS) + FILES_SIZE) + client;
}

/* ---- Sums ---- */

static u32 sum_of_file(const struct open_file *file)
{
	return sum_of(&file->node, sizeof(*file) - sizeof(u32));
}

static u32 sum_of_client(const struct client *client)
{
	return sum_of(&client->family, sizeof(*client) - sizeof(u32));
}

void open_seal(struct open_file *file) { file->sum = sum_of_file(file); }

static void set_number(struct client *client, u32 number, u32 file)
{
	client->open[number] = (u16)file;
	client->sum = sum_of_client(client);
}

static void set_family(struct client *client, u32 family)
{
	client->family = family;
	client->sum = sum_of_client(client);
}

/* ---- Opening and closing ---- */

static void add_user(struct open_file *file, u32 users)
{
	file->users += users;
	open_seal(file);
}

static void count(const struct open_file *file, int change)
{
	used += (u32)change;
	owned[file->family] = (u16)(owned[file->family] + change);
	node_use(file->node, change);
}

static u32 family_of(u32 client)
{
	return client_at(client)->family ? client_at(client)->family : client;
}

/* A free record that the family may have; FILES: none. */
static u32 find_free(u32 family)
{
	u32 file = 1;

	if (!family_may_have_more(family, owned[family], FILES - 1 - used))
		return FILES;
	while (file < FILES && file_at(file)->users)
		file++;
	return file;
}

static u32 free_number(u32 client)
{
	u32 n = 0;

	while (n < FS_OPEN_FILES && client_at(client)->open[n])
		n++;
	return n;
}

bool open_is_possible(u32 client)
{
	return free_number(client) < FS_OPEN_FILES && find_free(family_of(client)) < FILES;
}

u32 open_new(u32 client, u32 node, u32 flags, u32 *number)
{
	struct client *own = client_at(client);
	u32 family = family_of(client), file = find_free(family), n = free_number(client);

	if (n == FS_OPEN_FILES || file == FILES)
		return EMFILE;
	*file_at(file) = (struct open_file){ .node = node, .flags = flags, .family = family };
	add_user(file_at(file), 1);
	count(file_at(file), 1);
	set_number(own, n, file);
	*number = n;
	return 0;
}

struct open_file *open_of(u32 client, u32 number)
{
	u32 file = number < FS_OPEN_FILES ? client_at(client)->open[number] : 0;

	return file && file < FILES ? file_at(file) : NULL;
}

bool open_close(u32 client, u32 number)
{
	struct open_file *file = open_of(client, number);

	if (!file)
		return false;
	set_number(client_at(client), number, 0);
	add_user(file, ~0u);
	if (!file->users) {
		count(file, -1);
		content_collect(file->node);
	}
	return true;
}

/* Most processes have no file open that is not the console: fork and exit ask for all. */
static bool has_open(u32 client)
{
	const u16 *open = client_at(client)->open;
	u32 any = 0;

	for (u32 n = 0; n < FS_OPEN_FILES; n++)
		any |= open[n];
	return any;
}

void open_exit(u32 client)
{
	if (!has_open(client))
		return;
	for (u32 n = 0; n < FS_OPEN_FILES; n++)
		open_close(client, n);
}

void open_fork(u32 parent, u32 child)
{
	if (parent == child)
		return;
	open_exit(child);
	set_family(client_at(child), parent == CLIENT_FIRST ? 0 : family_of(parent));
	if (!has_open(parent))
		return;
	for (u32 n = 0; n < FS_OPEN_FILES; n++)
		if (open_of(parent, n)) {
			add_user(open_of(parent, n), 1);
			set_number(client_at(child), n, client_at(parent)->open[n]);
		}
}

/* ---- Beginning ---- */

static void forget_counts(void)
{
	used = 0;
	memset(owned, 0, sizeof(owned));
}

void open_format(void)
{
	forget_counts();
	memset(block_at(NODE_BLOCKS), 0, OPEN_BLOCKS * BLOCK);
}

static bool is_good(const struct open_file *file)
{
	return file->users && file->sum == sum_of_file(file) && file->node < NODES &&
	       node_at(file->node)->kind != NODE_FREE && file->family < CLIENTS;
}

/* Whether the client's list is as it was written; an empty one has never been. */
static bool is_whole(const struct client *client)
{
	return client->sum == sum_of_client(client) && client->family < CLIENTS;
}

/* How many were dropped, and what is left counted in users[]. */
static u32 check_client(struct client *client, u16 users[FILES])
{
	u32 dropped = is_whole(client) ? 0 : 1;

	if (dropped)
		memset(client, 0, sizeof(*client));
	for (u32 n = 0; n < FS_OPEN_FILES; n++) {
		u32 file = client->open[n];

		if (file && (file >= FILES || !is_good(file_at(file)))) {
			set_number(client, n, 0);
			dropped++;
		} else {
			users[file]++;
		}
	}
	return dropped;
}

u32 open_resume(void)
{
	static u16 users[FILES];
	u32 dropped = 0;

	memset(users, 0, sizeof(users));
	forget_counts();
	for (u32 client = 0; client < CLIENTS; client++)
		dropped += check_client(client_at(client), users);
	for (u32 file = 1; file < FILES; file++) {
		file_at(file)->users = users[file];
		open_seal(file_at(file));
		if (users[file])
			count(file_at(file), 1);
	}
	return dropped;
}
