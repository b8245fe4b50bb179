/* Paths: see tree.h. */
#include "user/ramfs/tree.h"

#include "lib/string.h"
#include "user/lib/errno.h"
#include "user/ramfs/content.h"

/* Where a path ends: a folder, and in it a name that may be there or not. */
struct place {
	u32 folder, number; /* NODE_NONE: nothing of this name */
	const char *name;   /* empty: the path is "/" */
	u32 length;
};

static u32 length_of_name(const char *name)
{
	const char *end = strchr(name, '/');

	return end ? (u32)(end - name) : (u32)strlen(name);
}

static void look(struct place *place, const char *name)
{
	place->name = name;
	place->length = length_of_name(name);
	place->number = node_child(place->folder, name, place->length);
}

/* From folder to folder, until one name is left. */
static u32 walk(const char *path, struct place *place)
{
	*place = (struct place){ NODE_TOP, NODE_TOP, "", 0 };
	if (*path != '/')
		return EINVAL;
	if (!path[1])
		return 0;
	for (look(place, path + 1); place->name[place->length];
		look(place, place->name + place->length + 1)) {
		if (place->number == NODE_NONE)
			return ENOENT;
		if (node_at(place->number)->kind != NODE_FOLDER)
			return ENOTDIR;
		place->folder = place->number;
	}
	return place->length < FS_NAME_MAX ? 0 : ENAMETOOLONG;
}

u32 tree_find(const char *path, u32 *number)
{
	struct place place;
	u32 error = walk(path, &place);

	*number = error ? NODE_NONE : place.number;
	return error || place.number != NODE_NONE ? error : ENOENT;
}

static bool may_be_made(const struct place *place)
{
	bool dots = place->length <= 2 && !strncmp(place->name, "..", place->length);

	return place->length && !dots;
}

static u32 make(const struct place *place, u32 kind, u32 *number)
{
	u32 error = may_be_made(place)
			    ? node_new(kind, place->folder, place->name, place->length, number)
			    : EINVAL;

	if (!error)
		node_touch(node_at(place->folder));
	return error;
}

u32 tree_make_folder(const char *path)
{
	struct place place;
	u32 number, error = walk(path, &place);

	if (error)
		return error;
	return place.number != NODE_NONE ? EEXIST : make(&place, NODE_FOLDER, &number);
}

/* ---- Opening ---- */

static u32 check_kind(const struct node *node, u32 flags)
{
	if (node->kind == NODE_FOLDER)
		return !(flags & OPEN_FOLDER) || flags & (OPEN_WRITE | OPEN_TRUNCATE) ? EISDIR : 0;
	return flags & OPEN_FOLDER ? ENOTDIR : 0;
}

u32 tree_open(const char *path, u32 flags, u32 *number)
{
	struct place place;
	u32 error = walk(path, &place);

	if (error)
		return error;
	*number = place.number;
	if (place.number == NODE_NONE && !(flags & OPEN_CREATE))
		return ENOENT;
	if (place.number == NODE_NONE)
		return flags & OPEN_FOLDER ? EINVAL : make(&place, NODE_FILE, number);
	error = check_kind(node_at(place.number), flags);
	if (!error && flags & OPEN_TRUNCATE)
		error = flags & OPEN_WRITE ? content_cut(node_at(place.number), 0) : EACCES;
	return error;
}

/* ---- Names that go ---- */

static u32 check_unlink(u32 number)
{
	if (number == NODE_TOP)
		return EBUSY;
	return node_at(number)->kind == NODE_FOLDER && node_entries(number) ? ENOTEMPTY : 0;
}

static void drop_name(u32 number)
{
	struct node *node = node_at(number);

	node_touch(node_at(node->parent));
	node->parent = NODE_NOWHERE;
	node_seal(node);
	content_collect(number);
}

u32 tree_unlink(const char *path)
{
	u32 number, error = tree_find(path, &number);

	if (!error)
		error = check_unlink(number);
	if (!error)
		drop_name(number);
	return error;
}

/* Whether `folder` is `number` itself, or lies below it. */
static bool is_below(u32 folder, u32 number)
{
	while (folder != number && folder != NODE_TOP)
		folder = node_at(folder)->parent;
	return folder == number;
}

/* What stands in the way has to be of the same kind. */
static u32 check_rename(u32 number, const struct place *to)
{
	if (number == NODE_TOP || !may_be_made(to) || is_below(to->folder, number))
		return EINVAL;
	if (to->number == NODE_NONE)
		return 0;
	if (node_at(to->number)->kind == node_at(number)->kind)
		return check_unlink(to->number);
	return node_at(number)->kind == NODE_FOLDER ? ENOTDIR : EISDIR;
}

u32 tree_rename(const char *from, const char *to)
{
	struct place place;
	u32 number, error = tree_find(from, &number);

	if (error)
		return error;
	error = walk(to, &place);
	if (error || place.number == number)
		return error;
	error = check_rename(number, &place);
	if (error)
		return error;
	if (place.number != NODE_NONE)
		drop_name(place.number);
	node_touch(node_at(node_at(number)->parent));
	node_rename(node_at(number), place.folder, place.name, place.length);
	node_touch(node_at(place.folder));
	return 0;
}
