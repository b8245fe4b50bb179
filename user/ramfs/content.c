/* Blocks of a file: see content.h. */
#include "user/ramfs/content.h"

#include "lib/compiler.h"
#include "lib/string.h"
#include "user/lib/errno.h"

#define ENTRIES (BLOCK / sizeof(struct entry))
#define LEVELS_MAX 2u

static const u8 *archive;
static u32 archive_size;

void content_archive(const u8 *start, u32 bytes)
{
	archive = start;
	archive_size = bytes;
}

/* How many blocks of bytes lie below an entry. */
static u32 reach(u32 levels)
{
	u32 blocks = 1;

	while (levels--)
		blocks *= ENTRIES;
	return blocks;
}

static struct entry *table_of(const struct entry *entry) { return block_at(entry->block); }

/* A table's sum after one of its entries has changed. */
static void entry_changed(
	struct entry *table, u32 slot, const struct entry *old, const struct entry *new)
{
	table->sum += sum_change(2 * slot, old->block, new->block) +
		      sum_change(2 * slot + 1, old->sum, new->sum);
}

/* The block of bytes of this number; NULL: zeros. */
static const u8 *find_block(const struct node *node, u32 index)
{
	struct entry entry = node->top;

	if (index >= reach(node->levels))
		return NULL;
	for (u32 levels = node->levels; levels && entry.block; levels--) {
		entry = table_of(&entry)[index / reach(levels - 1)];
		index %= reach(levels - 1);
	}
	return entry.block ? block_at(entry.block) : NULL;
}

/* ---- Giving back ---- */

static void release(struct entry *entry, u32 levels)
{
	if (!entry->block)
		return;
	for (u32 slot = 0; levels && slot < ENTRIES; slot++)
		release(&table_of(entry)[slot], levels - 1);
	block_free(entry->block);
	*entry = (struct entry){ 0, 0 };
}

/* Keeps the first `keep` blocks of bytes below the entry. */
static void cut(struct entry *entry, u32 levels, u32 keep)
{
	u32 below = levels ? reach(levels - 1) : 1;

	if (!entry->block)
		return;
	if (!keep) {
		release(entry, levels);
		return;
	}
	for (u32 slot = keep / below; levels && slot < ENTRIES; slot++) {
		struct entry *place = &table_of(entry)[slot], old = *place;

		cut(place, levels - 1, slot == keep / below ? keep % below : 0);
		entry_changed(entry, slot, &old, place);
	}
}

/* ---- Writing ---- */

/* What the words of a block add to its sum. */
static u32 sum_of_range(const u32 *words, u32 first, u32 last)
{
	u32 sum = 0;

	for (u32 i = first; i < last; i++)
		sum += sum_change(i, 0, words[i]);
	return sum;
}

/*
 * The words at both ends are changed as a whole.  Old ones are not added up if all of them go, nor
 * those of a new block, which are 0.
 */
static void change_bytes(struct entry *entry, bool is_new, u32 offset, const void *bytes, u32 size)
{
	u32 first = offset / 4, last = (offset + size + 3) / 4, *words = block_at(entry->block);
	bool all_go = is_new || size == BLOCK;

	entry->sum -= all_go ? entry->sum : sum_of_range(words, first, last);
	memcpy((u8 *)words + offset, bytes, size);
	entry->sum += sum_of_range(words, first, last);
}

/* Into the block of bytes number `index` below the entry. */
static u32 write_below(
	struct entry *entry, u32 levels, u32 index, u32 offset, const void *bytes, u32 size)
{
	u32 below = levels ? reach(levels - 1) : 1, error;
	bool is_new = !entry->block;
	struct entry *place, old;

	if (is_new)
		entry->block = block_take();
	if (!entry->block)
		return ENOSPC;
	if (!levels) {
		change_bytes(entry, is_new, offset, bytes, size);
		return 0;
	}
	place = &table_of(entry)[index / below];
	old = *place;
	error = write_below(place, levels - 1, index % below, offset, bytes, size);
	entry_changed(entry, index / below, &old, place);
	return error;
}

/* One more level, if the file is to have so many blocks. */
static u32 add_levels(struct node *node, u32 blocks)
{
	while (reach(node->levels) < blocks) {
		struct entry top = { 0, 0 };

		if (node->top.block) {
			top.block = block_take();
			if (!top.block)
				return ENOSPC;
			table_of(&top)[0] = node->top;
			entry_changed(&top, 0, &(struct entry){ 0, 0 }, &node->top);
		}
		node->top = top;
		node->levels++;
	}
	return 0;
}

static u32 write_store(struct node *node, u32 at, const u8 *bytes, u32 size, u32 *written)
{
	u32 error = 0;

	*written = 0;
	while (*written < size && !error) {
		u32 place = at + *written, n = MIN(size - *written, BLOCK - place % BLOCK);

		error = add_levels(node, place / BLOCK + 1);
		if (!error)
			error = write_below(&node->top, node->levels, place / BLOCK, place % BLOCK,
				bytes + *written, n);
		if (!error)
			*written += n;
	}
	if (*written)
		node->size = MAX(node->size, at + *written);
	return error;
}

/* A file of the archive gets blocks of its own for its first `keep` bytes, or stays as it is. */
static u32 leave_archive(struct node *node, u32 keep)
{
	struct node old = *node;
	u32 written, error;

	if (!node->archived)
		return 0;
	node->archived = node->place = node->size = 0;
	error = write_store(node, 0, archive + old.place, MIN(keep, old.size), &written);
	if (!error)
		return 0;
	release(&node->top, node->levels);
	*node = old;
	return error;
}

u32 content_write(struct node *node, u32 at, const void *bytes, u32 size, u32 *written)
{
	u32 error;

	*written = 0;
	if (!size)
		return 0;
	if (at >= CONTENT_MAX)
		return EFBIG;
	error = leave_archive(node, node->size);
	if (!error)
		error = write_store(node, at, bytes, MIN(size, CONTENT_MAX - at), written);
	node_touch(node);
	return error;
}

/* So that a file that grows again has zeros there, as where it has no block. */
static void clear_end(struct node *node, u32 size)
{
	static const u8 zeros[BLOCK];
	u32 offset = size % BLOCK;

	if (offset && size < node->size && find_block(node, size / BLOCK))
		write_below(&node->top, node->levels, size / BLOCK, offset, zeros, BLOCK - offset);
}

u32 content_cut(struct node *node, u32 size)
{
	u32 error = size > CONTENT_MAX ? EFBIG : leave_archive(node, size);

	if (error)
		return error;
	clear_end(node, size);
	cut(&node->top, node->levels, (size + BLOCK - 1) / BLOCK);
	node->levels = node->top.block ? node->levels : 0;
	node->size = size;
	node_touch(node);
	return 0;
}

void content_collect(u32 number)
{
	struct node *node = node_at(number);

	if (node->parent != NODE_NOWHERE || node_users(number))
		return;
	release(&node->top, node->levels);
	node_forget(number);
}

/* ---- Reading ---- */

/* Whether the blocks lie one behind the other, as those of a file that was written at once do. */
static bool is_together(const struct node *node, u32 first, u32 last)
{
	const u8 *start = find_block(node, first);

	for (u32 i = first; start && i <= last; i++)
		if (find_block(node, i) != start + (i - first) * BLOCK)
			return false;
	return start;
}

static void collect(const struct node *node, u32 at, u32 bytes, u8 *to)
{
	for (u32 n; bytes; at += n, to += n, bytes -= n) {
		const u8 *block = find_block(node, at / BLOCK);

		n = MIN(bytes, BLOCK - at % BLOCK);
		if (block)
			memcpy(to, block + at % BLOCK, n);
		else
			memset(to, 0, n);
	}
}

const void *content_view(const struct node *node, u32 at, u32 bytes, void *buffer, u32 *got)
{
	*got = at < node->size ? MIN(bytes, node->size - at) : 0;
	if (!*got)
		return buffer;
	if (node->archived)
		return archive + node->place + at;
	if (is_together(node, at / BLOCK, (at + *got - 1) / BLOCK))
		return find_block(node, at / BLOCK) + at % BLOCK;
	collect(node, at, *got, buffer);
	return buffer;
}

/* ---- After a restart ---- */

/*
 * Whether the entry's block and all below it are as they were written.  Those that are belong to
 * this file from now on, all others' entries are emptied.
 */
static bool claim(struct entry *entry, u32 levels)
{
	bool whole = true;

	if (!entry->block)
		return !entry->sum;
	if (!block_claim(entry->block)) {
		*entry = (struct entry){ 0, 0 };
		return false;
	}
	if (sum_of(block_at(entry->block), BLOCK) != entry->sum) {
		block_free(entry->block);
		*entry = (struct entry){ 0, 0 };
		return false;
	}
	for (u32 slot = 0; levels && slot < ENTRIES; slot++)
		whole &= claim(&table_of(entry)[slot], levels - 1);
	return whole;
}

static bool is_plausible(const struct node *node)
{
	bool has_blocks = node->top.block || node->top.sum || node->levels;

	if (node->archived || node->kind == NODE_FOLDER)
		return !has_blocks && node->place <= archive_size &&
		       node->size <= archive_size - node->place;
	return node->levels <= LEVELS_MAX && node->size <= CONTENT_MAX;
}

bool content_claim(struct node *node)
{
	if (!is_plausible(node))
		return false;
	if (node->archived || claim(&node->top, node->levels))
		return true;
	release(&node->top, node->levels);
	return false;
}
