/* Empty, filled, or taken over: see store.h. */
#include "user/ramfs/store.h"

#include "lib/compiler.h"
#include "lib/string.h"
#include "lib/tar.h"
#include "user/lib/errno.h"
#include "user/ramfs/content.h"
#include "user/ramfs/open.h"
#include "user/ramfs/tree.h"

#define BIN "bin/"

u32 store_format(void)
{
	if (blocks_count() < RECORD_BLOCKS)
		return ENOSPC;
	nodes_format();
	open_format();
	return 0;
}

/* ---- Programs of the archive ---- */

static u32 add_program(const struct tar_file *file, u32 folder, u32 place)
{
	const char *name = file->name + strlen(BIN);
	u32 number, error, length = (u32)strlen(name);

	if (!length || length >= FS_NAME_MAX || strchr(name, '/') ||
		node_child(folder, name, length) != NODE_NONE)
		return 0;
	error = node_new(NODE_FILE, folder, name, length, &number);
	if (error)
		return error;
	node_at(number)->archived = true;
	node_at(number)->place = place;
	node_at(number)->size = file->size;
	node_seal(node_at(number));
	return 0;
}

static u32 find_bin(u32 *folder)
{
	u32 error = tree_make_folder("/bin");

	return error && error != EEXIST ? error : tree_find("/bin", folder);
}

u32 store_add_programs(const u8 *archive, u32 bytes)
{
	struct tar tar = { .start = archive, .size = bytes };
	struct tar_file file;
	u32 folder, error = find_bin(&folder);

	while (!error && tar_next(&tar, &file))
		if (file.regular && !strncmp(file.name, BIN, strlen(BIN)))
			error = add_program(&file, folder, (u32)(file.data - archive));
	return error;
}

/* ---- Taking over ---- */

/* One without a name was free, and is so again. */
static void drop(struct takeover *takeover, u32 number)
{
	char name[FS_NAME_MAX];

	strlcpy(name, node_at(number)->name, sizeof(name));
	node_forget(number);
	if (!name[0])
		return;
	takeover->dropped++;
	if (takeover->name)
		takeover->name(name);
}

static bool is_empty(const struct node *node)
{
	const u8 *byte = (const u8 *)node;

	for (u32 i = 0; i < sizeof(*node); i++)
		if (byte[i])
			return false;
	return true;
}

/* No path leads to others. */
static bool name_is_good(const char *name)
{
	return *name && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* Each record for itself: its sum, its name, and the blocks of a file. */
static void check_records(struct takeover *takeover)
{
	for (u32 i = NODE_TOP + 1; i < NODES; i++) {
		struct node *node = node_at(i);

		node->name[FS_NAME_MAX - 1] = 0;
		if (is_empty(node))
			continue;
		if (!node_is_whole(node) || node->kind == NODE_FREE || !name_is_good(node->name) ||
			!content_claim(node))
			drop(takeover, i);
		else
			takeover->files += node->kind == NODE_FILE;
	}
}

static bool is_folder(u32 number) { return number < NODES && node_at(number)->kind == NODE_FOLDER; }

/* Whether going up from here leads to the top; a circle of damaged records does not. */
static bool hangs_together(u32 number)
{
	for (u32 steps = 0; steps < NODES; steps++) {
		if (number == NODE_TOP)
			return true;
		if (!is_folder(node_at(number)->parent))
			return false;
		number = node_at(number)->parent;
	}
	return false;
}

/* What lay in a folder that is gone is found at the top from now on. */
static void rescue_orphans(void)
{
	for (u32 i = NODE_TOP + 1; i < NODES; i++) {
		struct node *node = node_at(i);

		if (node->kind == NODE_FREE || node->parent == NODE_NOWHERE || hangs_together(i))
			continue;
		node->parent = NODE_TOP;
		node_seal(node);
	}
}

static void unlink_double(struct takeover *takeover, struct node *node)
{
	takeover->dropped++;
	takeover->files -= node->kind == NODE_FILE;
	if (takeover->name)
		takeover->name(node->name);
	node->parent = NODE_NOWHERE;
	node_seal(node);
}

/*
 * A damaged server can write records that are whole, but make no sense together.  Of those of one
 * name in one folder the first stays; who has another one open keeps it until it is closed.  False:
 * there was none.
 */
static bool unlink_doubles(struct takeover *takeover)
{
	u32 before = takeover->dropped;

	for (u32 i = NODE_TOP + 1; i < NODES; i++) {
		struct node *node = node_at(i);

		if (node->kind != NODE_FREE && node->parent != NODE_NOWHERE &&
			node_child(node->parent, node->name, (u32)strlen(node->name)) != i)
			unlink_double(takeover, node);
	}
	return takeover->dropped != before;
}

/* Unlinked ones that nobody has open. */
static void collect_all(void)
{
	for (u32 i = NODE_TOP + 1; i < NODES; i++)
		if (node_at(i)->kind != NODE_FREE)
			content_collect(i);
}

/* New memory has none. */
static bool has_records(void)
{
	for (u32 i = 0; i < NODES; i++)
		if (node_at(i)->kind != NODE_FREE && node_is_whole(node_at(i)))
			return true;
	return false;
}

bool store_resume(struct takeover *takeover)
{
	if (blocks_count() < RECORD_BLOCKS || !has_records())
		return false;
	check_records(takeover);
	nodes_resume();
	do
		rescue_orphans();
	while (unlink_doubles(takeover));
	takeover->closed = open_resume();
	collect_all();
	return true;
}
