/* Records of files and folders: see node.h. */
#include "user/ramfs/node.h"

#include "lib/assert.h"
#include "lib/compiler.h"
#include "lib/string.h"
#include "user/lib/errno.h"

_Static_assert(sizeof(struct node) == 128, "records fill a block");

u32 node_time;
static u16 users[NODES];
static u32 end; /* behind the last record in use: nobody looks further */

struct node *node_at(u32 number)
{
	ASSERT(number < NODES, "record %u of %u", number, (u32)NODES);
	return (struct node *)block_at(0) + number;
}

/* ---- Sums ---- */

static u32 sum_of_node(const struct node *node)
{
	return sum_of(&node->kind, sizeof(*node) - offsetof(struct node, kind));
}

void node_seal(struct node *node) { node->sum = sum_of_node(node); }

bool node_is_whole(const struct node *node)
{
	return node->sum == sum_of_node(node) && node->kind <= NODE_FOLDER &&
	       !node->name[FS_NAME_MAX - 1];
}

/* ---- Versions ---- */

void node_touch(struct node *node)
{
	struct node *top = node_at(NODE_TOP);
	u32 version = top->version + 1;

	if (node != top) {
		top->version = version;
		node_seal(top);
	}
	node->version = version;
	node->changed = node_time;
	node_seal(node);
}

/* Whoever keeps bytes by number and version must not meet one that was given already. */
#define VERSIONS_LOST 0x10000u

static void make_top(u32 version)
{
	struct node *top = node_at(NODE_TOP);

	memset(top, 0, sizeof(*top));
	top->kind = NODE_FOLDER;
	top->parent = NODE_TOP;
	top->changed = node_time;
	top->version = version;
	top->name[0] = '/';
	node_seal(top);
}

void nodes_resume(void)
{
	u32 latest = 0;

	memset(users, 0, sizeof(users));
	for (u32 i = 0; i < NODES; i++)
		if (node_at(i)->kind != NODE_FREE) {
			latest = MAX(latest, node_at(i)->version);
			end = i + 1;
		}
	if (!node_is_whole(node_at(NODE_TOP)) || node_at(NODE_TOP)->kind != NODE_FOLDER)
		make_top(latest + VERSIONS_LOST);
}

/* ---- Making and forgetting ---- */

static void put_name(struct node *node, const char *name, u32 length)
{
	memset(node->name, 0, sizeof(node->name));
	memcpy(node->name, name, MIN(length, FS_NAME_MAX - 1));
}

void nodes_format(void)
{
	memset(users, 0, sizeof(users));
	memset(block_at(0), 0, RECORD_BLOCKS * BLOCK);
	end = 1;
	make_top(0);
}

u32 node_new(u32 kind, u32 parent, const char *name, u32 length, u32 *number)
{
	u32 i = 0;
	struct node *node;

	while (i < NODES && node_at(i)->kind != NODE_FREE)
		i++;
	if (i == NODES)
		return ENOSPC;
	node = node_at(i);
	memset(node, 0, sizeof(*node));
	node->kind = kind;
	node->parent = parent;
	put_name(node, name, length);
	node_touch(node);
	end = MAX(end, i + 1);
	*number = i;
	return 0;
}

void node_forget(u32 number) { memset(node_at(number), 0, sizeof(struct node)); }

void node_rename(struct node *node, u32 parent, const char *name, u32 length)
{
	char kept[FS_NAME_MAX];

	/* `name` may be the record's own. */
	memcpy(kept, name, MIN(length, FS_NAME_MAX - 1));
	put_name(node, kept, length);
	node->parent = parent;
	node_seal(node);
}

void node_use(u32 number, int change) { users[number] = (u16)(users[number] + change); }
u32 node_users(u32 number) { return users[number]; }

/* ---- Folders ---- */

static bool is_in(u32 number, u32 folder)
{
	const struct node *node = node_at(number);

	return number != NODE_TOP && node->kind != NODE_FREE && node->parent == folder;
}

u32 node_child(u32 folder, const char *name, u32 length)
{
	if (length >= FS_NAME_MAX)
		return NODE_NONE;
	for (u32 i = 0; i < end; i++)
		if (is_in(i, folder) && !strncmp(node_at(i)->name, name, length) &&
			!node_at(i)->name[length])
			return i;
	return NODE_NONE;
}

u32 node_entry(u32 folder, u32 index)
{
	for (u32 i = 0; i < end; i++)
		if (is_in(i, folder) && !index--)
			return i;
	return NODE_NONE;
}

u32 node_entries(u32 folder)
{
	u32 count = 0;

	for (u32 i = 0; i < end; i++)
		count += is_in(i, folder);
	return count;
}

void node_tell(u32 number, struct fs_stat *stat)
{
	const struct node *node = node_at(number);

	stat->folder = node->kind == NODE_FOLDER;
	stat->size = stat->folder ? node_entries(number) : node->size;
	stat->number = number;
	stat->version = node->version;
	stat->changed = node->changed;
}
