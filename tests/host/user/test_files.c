/*
 * user/ramfs: files against a model of byte arrays, short of blocks too; restarts, each of which
 * finds every file as it was, and damage, which costs the damaged files alone.
 */
#include "host.h"
#include "user/lib/errno.h"
#include "user/ramfs/content.h"
#include "user/ramfs/open.h"
#include "user/ramfs/store.h"
#include "user/ramfs/tree.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STORE_MOST 0xA00000u
#define NAMES 12u
#define LARGEST 0x260000u /* a second level of entries */
#define CLIENT 3u

static u8 store[STORE_MOST] __attribute__((aligned(4096)));
static u32 store_limit;
static u32 named; /* damaged files that were told */

/* As root's (user/root/store.c); what is dropped loses its bytes. */
static bool held[STORE_PIECES];

static u32 look(u32 piece)
{
	while (piece < STORE_PIECES && !held[piece])
		piece++;
	return piece;
}

static u32 ask_root(u32 piece, enum store_request what)
{
	if (what == STORE_LOOK)
		return look(piece);
	if (what == STORE_TAKE) {
		held[piece] |= (piece + 1) * STORE_PIECE <= store_limit;
	} else {
		held[piece] = false;
		memset(store + piece * STORE_PIECE, 0xA5, STORE_PIECE);
	}
	return held[piece];
}

static void begin_blocks(void) { blocks_begin(store, ask_root); }
static void name_dropped(const char *name) { named += *name != 0; }

/* ---- The boot archive: bin/first with FIRST, and a file that is not in bin/ ---- */

#define TAR_BLOCK 512u
#define FIRST 5000u
static u8 archive[16 * TAR_BLOCK];

/* POSIX.1-2017, pax, ustar Interchange Format. */
static u32 put_member(u32 at, const char *name, u32 size)
{
	char *header = (char *)archive + at;
	u32 sum = 0;

	strcpy(header, name);
	sprintf(header + 124, "%011o", size);
	memset(header + 148, ' ', 8);
	header[156] = '0';
	memcpy(header + 257, "ustar\00000", 8);
	for (u32 i = 0; i < TAR_BLOCK; i++)
		sum += archive[at + i];
	sprintf(header + 148, "%06o", sum);
	for (u32 i = 0; i < size; i++)
		archive[at + TAR_BLOCK + i] = (u8)(i * 3);
	return at + TAR_BLOCK + ALIGN_UP(size, TAR_BLOCK);
}

static void make_archive(void)
{
	memset(archive, 0, sizeof(archive));
	put_member(put_member(0, "bin/first", FIRST), "root", 10);
	content_archive(archive, sizeof(archive));
}

static void begin(u32 limit)
{
	make_archive();
	memset(store, 0, sizeof(store));
	memset(held, 0, sizeof(held));
	store_limit = limit;
	begin_blocks();
	CHECK_EQUAL(store_format(), 0);
	blocks_give_back();
}

/* All blocks but `left` of those that may be had. */
static void take_blocks(u32 left)
{
	while (blocks_count() < store_limit / STORE_PIECE * PIECE_BLOCKS || blocks_free() > left)
		CHECK(block_take(), "a block");
}

/* ---- The model ---- */

struct model {
	bool exists;
	u32 size;
	u8 *bytes; /* LARGEST of them; those behind the size are 0 */
};
static struct model model[NAMES];

static void forget_model(void)
{
	for (u32 i = 0; i < NAMES; i++) {
		model[i].exists = false;
		model[i].size = 0;
		if (!model[i].bytes)
			model[i].bytes = malloc(LARGEST);
		memset(model[i].bytes, 0, LARGEST);
	}
}

/* Half of them lie in a folder. */
static const char *path_of(u32 name)
{
	static char path[2][32];
	static u32 turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), name % 2 ? "/d/f%u" : "/f%u", name);
	return path[turn];
}

static const char *path_at_top(u32 name) { return strrchr(path_of(name), '/'); }

static struct node *find(u32 name)
{
	u32 number, error = tree_find(path_of(name), &number);

	CHECK_EQUAL(error, model[name].exists ? 0 : ENOENT);
	return error ? NULL : node_at(number);
}

static void check_bytes(u32 name, const struct node *node, u32 at, u32 bytes)
{
	static u8 buffer[LARGEST];
	u32 got, expected = at < model[name].size ? MIN(bytes, model[name].size - at) : 0;
	const u8 *seen = content_view(node, at, bytes, buffer, &got);

	CHECK_EQUAL(got, expected);
	for (u32 i = 0; i < got; i++)
		CHECK(seen[i] == model[name].bytes[at + i], "%s: byte 0x%x is %u, not %u",
			path_of(name), at + i, seen[i], model[name].bytes[at + i]);
}

static void check_file(u32 name)
{
	const struct node *node = find(name);

	if (!node)
		return;
	CHECK_EQUAL(node->size, model[name].size);
	check_bytes(name, node, 0, LARGEST);
}

/* ---- Steps ---- */

static void make_file(u32 name)
{
	u32 number, error = tree_open(path_of(name), OPEN_WRITE | OPEN_CREATE, &number);

	CHECK_EQUAL(error, 0);
	model[name].exists = true;
}

static u32 random_place(void) { return random_below(one_in(8) ? LARGEST : 0x8000); }

static void write_file(u32 name)
{
	static u8 bytes[0x10000];
	u32 at = random_place(), size = random_below(one_in(4) ? sizeof(bytes) : 600), written,
	    error;

	size = MIN(size, LARGEST - at);
	for (u32 i = 0; i < size; i++)
		bytes[i] = (u8)random_u32();
	error = content_write(find(name), at, bytes, size, &written);
	CHECK(written <= size && (error == ENOSPC || (!error && written == size)), "%u of %u: %u",
		written, size, error);
	memcpy(model[name].bytes + at, bytes, written);
	if (written)
		model[name].size = MAX(model[name].size, at + written);
}

static void cut_file(u32 name)
{
	u32 size = random_place();

	if (content_cut(find(name), size))
		return;
	if (size < model[name].size)
		memset(model[name].bytes + size, 0, model[name].size - size);
	model[name].size = size;
}

static void unlink_file(u32 name)
{
	CHECK_EQUAL(tree_unlink(path_of(name)), 0);
	memset(model[name].bytes, 0, LARGEST);
	model[name].size = 0;
	model[name].exists = false;
}

static void rename_file(u32 from, u32 to)
{
	struct model moved = model[from];

	if (from == to)
		return;
	CHECK_EQUAL(tree_rename(path_of(from), path_of(to)), 0);
	model[from] = model[to];
	model[from].exists = false;
	model[from].size = 0;
	memset(model[from].bytes, 0, LARGEST);
	model[to] = moved;
}

static void step(void)
{
	u32 name = random_below(NAMES);

	if (!model[name].exists) {
		make_file(name);
		return;
	}
	switch (random_below(12)) {
	case 0: unlink_file(name); break;
	case 1: rename_file(name, random_below(NAMES)); break;
	case 2:
	case 3: cut_file(name); break;
	case 4:
	case 5: check_bytes(name, find(name), random_place(), random_below(0x10000)); break;
	default: write_file(name);
	}
}

/* Another life of the server: it knows nothing but what stands in the store. */
static struct takeover resume(void)
{
	struct takeover takeover = { .name = name_dropped };

	begin_blocks();
	CHECK(store_resume(&takeover), "nothing to take over");
	blocks_give_back();
	return takeover;
}

static u32 files_of_model(void)
{
	u32 files = 0;

	for (u32 i = 0; i < NAMES; i++)
		files += model[i].exists;
	return files;
}

static void check_all(void)
{
	for (u32 i = 0; i < NAMES; i++)
		check_file(i);
}

static void remove_all(void)
{
	for (u32 i = 0; i < NAMES; i++)
		if (model[i].exists)
			unlink_file(i);
	CHECK_EQUAL(blocks_free(), blocks_count() - RECORD_BLOCKS);
}

static void random_files(u32 limit, u32 steps, u32 salt)
{
	random_begin(salt);
	forget_model();
	begin(limit);
	CHECK_EQUAL(tree_make_folder("/d"), 0);
	for (test_step = 0; test_step < rounds(steps); test_step++) {
		step();
		if (one_in(200)) {
			struct takeover takeover = resume();

			CHECK_EQUAL(takeover.files, files_of_model());
			CHECK_EQUAL(takeover.dropped, 0);
			check_all();
		}
	}
	check_all();
	remove_all();
	CHECK(blocks_free() < 3 * PIECE_BLOCKS, "%u blocks are not given back", blocks_free());
}

static void files_and_restarts(void **state)
{
	(void)state;
	random_files(STORE_MOST, 3000, 91);
}

static void without_room(void **state)
{
	(void)state;
	random_files(4 * STORE_PIECE, 3000, 92);
}

/* ---- Damage ---- */

/* A bit of a record in use is turned over, or any. */
static void damage(void)
{
	u32 records = (NAMES + 2) * sizeof(struct node);
	u32 place = random_below(one_in(2) ? records : STORE_MOST);

	store[place] ^= (u8)(1u << random_below(8));
}

/* What was in a folder that is lost is at the top. */
static u32 find_again(u32 name, u32 *number)
{
	u32 folder;

	return tree_find(tree_find("/d", &folder) ? path_at_top(name) : path_of(name), number);
}

/* A file that is there after the damage is right in every byte. */
static u32 count_survivors(void)
{
	u32 alive = 0;

	for (u32 i = 0; i < NAMES; i++) {
		u32 number;

		if (!model[i].exists || find_again(i, &number))
			continue;
		CHECK_EQUAL(node_at(number)->size, model[i].size);
		check_bytes(i, node_at(number), 0, LARGEST);
		alive++;
	}
	return alive;
}

static void fill_some(void)
{
	forget_model();
	begin(STORE_MOST);
	CHECK_EQUAL(tree_make_folder("/d"), 0);
	for (u32 i = 0; i < NAMES; i++) {
		make_file(i);
		for (u32 j = random_below(4); j; j--)
			write_file(i);
	}
}

static void damaged_bits(void **state)
{
	u32 lost = 0;

	(void)state;
	random_begin(93);
	for (test_step = 0; test_step < rounds(300); test_step++) {
		struct takeover takeover;
		u32 alive;

		fill_some();
		damage();
		named = 0;
		takeover = resume();
		alive = count_survivors();
		CHECK_EQUAL(named, takeover.dropped);
		/* One file, or a folder. */
		CHECK(takeover.dropped <= 1, "%u dropped", takeover.dropped);
		CHECK(alive >= NAMES - 1, "%u are left", alive);
		lost += takeover.dropped;
	}
	CHECK(lost, "no damage was found");
}

/* A block belongs to the file that is found first. */
static void one_block_of_two_files(void **state)
{
	u32 first, second, written;

	(void)state;
	begin(STORE_MOST);
	CHECK_EQUAL(tree_open("/a", OPEN_WRITE | OPEN_CREATE, &first), 0);
	CHECK_EQUAL(tree_open("/b", OPEN_WRITE | OPEN_CREATE, &second), 0);
	CHECK_EQUAL(content_write(node_at(first), 0, "text", 4, &written), 0);
	node_at(second)->top = node_at(first)->top;
	node_at(second)->size = 4;
	node_seal(node_at(second));
	CHECK_EQUAL(resume().dropped, 1);
	CHECK_EQUAL(tree_find("/a", &first), 0);
	CHECK_EQUAL(tree_find("/b", &second), ENOENT);
}

static void rename_record(u32 number, u32 parent, const char *name)
{
	node_rename(node_at(number), parent, name, (u32)strlen(name));
}

/*
 * Records that are whole, as a damaged server wrote them: two of one name in a folder, of which the
 * first stays; what lay in the other is found at the top, where it may be the second again.
 */
static void two_of_one_name(void **state)
{
	u32 first, second, inner, number;
	struct takeover takeover;

	(void)state;
	begin(STORE_MOST);
	CHECK_EQUAL(tree_open("/x", OPEN_WRITE | OPEN_CREATE, &number), 0);
	CHECK_EQUAL(tree_make_folder("/a"), 0);
	CHECK_EQUAL(tree_make_folder("/b"), 0);
	CHECK_EQUAL(tree_open("/b/x", OPEN_WRITE | OPEN_CREATE, &inner), 0);
	CHECK_EQUAL(tree_open("/b/y", OPEN_WRITE | OPEN_CREATE, &inner), 0);
	CHECK_EQUAL(tree_find("/a", &first), 0);
	CHECK_EQUAL(tree_find("/b", &second), 0);
	rename_record(second, NODE_TOP, "a");
	takeover = resume();
	CHECK_EQUAL(takeover.dropped, 2);
	CHECK_EQUAL(takeover.files, 2);
	CHECK_EQUAL(tree_find("/a", &number), 0);
	CHECK_EQUAL(number, first);
	CHECK_EQUAL(tree_unlink("/a"), 0);
	CHECK_EQUAL(tree_find("/a", &number), ENOENT);
	CHECK_EQUAL(tree_unlink("/x"), 0);
	CHECK_EQUAL(tree_find("/x", &number), ENOENT);
	CHECK_EQUAL(tree_find("/y", &number), 0);
	CHECK_EQUAL(resume().dropped, 0);
}

/* Names that no path has. */
static void wrong_names(void **state)
{
	static const char *const names[] = { "a/b", ".", "..", "/" };
	u32 number;

	(void)state;
	begin(STORE_MOST);
	for (u32 i = 0; i < ARRAY_SIZE(names); i++) {
		CHECK_EQUAL(tree_open("/a", OPEN_WRITE | OPEN_CREATE, &number), 0);
		rename_record(number, NODE_TOP, names[i]);
	}
	CHECK_EQUAL(resume().dropped, ARRAY_SIZE(names));
	CHECK_EQUAL(node_entries(NODE_TOP), 0);
}

/* Whatever stands in the store: no crash, and a tree that hangs together. */
static void garbage(void **state)
{
	(void)state;
	random_begin(94);
	for (test_step = 0; test_step < rounds(60); test_step++) {
		struct takeover takeover = { .name = name_dropped };
		u32 number;

		fill_some();
		for (u32 i = 0; i < NODES; i++)
			if (one_in(3)) {
				((u32 *)node_at(i))[random_below(32)] = random_below(200);
				if (one_in(2))
					node_seal(node_at(i));
			}
		for (u32 i = random_below(200); i; i--)
			damage();
		begin_blocks();
		if (!store_resume(&takeover))
			continue;
		for (u32 i = 0; i < NAMES; i++)
			tree_open(path_of(i), OPEN_WRITE | OPEN_CREATE | OPEN_TRUNCATE, &number);
		for (u32 i = 0; i < NAMES; i++)
			tree_unlink(path_of(i));
		takeover = (struct takeover){ .name = NULL };
		begin_blocks();
		CHECK(store_resume(&takeover), "again");
		CHECK_EQUAL(takeover.dropped, 0);
	}
}

static void empty_store(void **state)
{
	struct takeover takeover = { .name = NULL };

	(void)state;
	memset(store, 0, sizeof(store));
	begin_blocks();
	CHECK(!store_resume(&takeover), "nothing is there");
	memset(held, 0, sizeof(held));
	store_limit = STORE_PIECE;
	begin_blocks();
	CHECK(!store_resume(&takeover), "too small");
	CHECK_EQUAL(store_format(), ENOSPC);
}

/* ---- Programs ---- */

/* A file of the archive takes no block until it is written; then it has all of its bytes still. */
static void programs(void **state)
{
	static u8 buffer[FIRST];
	u32 number, other, got, written;

	(void)state;
	begin(STORE_MOST);
	CHECK_EQUAL(store_add_programs(archive, sizeof(archive)), 0);
	CHECK_EQUAL(node_entries(NODE_TOP), 1); /* bin */
	CHECK_EQUAL(tree_find("/bin/root", &other), ENOENT);
	CHECK_EQUAL(tree_find("/bin/first", &number), 0);
	CHECK_EQUAL(blocks_free(), blocks_count() - RECORD_BLOCKS);
	CHECK(content_view(node_at(number), 10, 20, buffer, &got) == archive + TAR_BLOCK + 10,
		"no copy");
	CHECK_EQUAL(content_write(node_at(number), FIRST - 1, "xy", 2, &written), 0);
	CHECK_EQUAL(node_at(number)->size, FIRST + 1);
	CHECK(!memcmp(content_view(node_at(number), 0, FIRST - 1, buffer, &got),
		      archive + TAR_BLOCK, FIRST - 1),
		"its bytes");
	CHECK_EQUAL(store_add_programs(archive, sizeof(archive)), 0);
	CHECK_EQUAL(node_at(number)->size, FIRST + 1); /* what is there stays */
	((u8 *)block_at(node_at(number)->top.block))[7] ^= 1;
	CHECK_EQUAL(resume().dropped, 1);
	CHECK_EQUAL(store_add_programs(archive, sizeof(archive)), 0);
	CHECK_EQUAL(tree_find("/bin/first", &number), 0);
	CHECK_EQUAL(node_at(number)->size, FIRST);
}

/* Without room for a copy the file stays as it is. */
static void program_without_room(void **state)
{
	u32 number, got, written;
	u8 buffer[8];

	(void)state;
	begin(2 * STORE_PIECE);
	take_blocks(1);
	CHECK_EQUAL(store_add_programs(archive, sizeof(archive)), 0);
	CHECK_EQUAL(tree_find("/bin/first", &number), 0);
	CHECK_EQUAL(content_write(node_at(number), 0, "x", 1, &written), ENOSPC);
	CHECK_EQUAL(node_at(number)->size, FIRST);
	CHECK(content_view(node_at(number), 0, 8, buffer, &got) == archive + TAR_BLOCK,
		"its bytes");
	CHECK_EQUAL(blocks_free(), 1);
}

/* ---- Paths ---- */

static void wrong_paths(void **state)
{
	char name[FS_NAME_MAX + 3] = "/";
	u32 number;

	(void)state;
	begin(STORE_MOST);
	CHECK_EQUAL(tree_open("a", OPEN_WRITE | OPEN_CREATE, &number), EINVAL);
	CHECK_EQUAL(tree_open("/d/a", OPEN_WRITE | OPEN_CREATE, &number), ENOENT);
	CHECK_EQUAL(tree_make_folder("/d"), 0);
	CHECK_EQUAL(tree_make_folder("/d"), EEXIST);
	CHECK_EQUAL(tree_make_folder("/"), EEXIST);
	CHECK_EQUAL(tree_open("/d/a", OPEN_WRITE | OPEN_CREATE, &number), 0);
	CHECK_EQUAL(tree_open("/d/a/b", OPEN_READ, &number), ENOTDIR);
	CHECK_EQUAL(tree_open("/d/a", OPEN_FOLDER, &number), ENOTDIR);
	CHECK_EQUAL(tree_open("/d", OPEN_READ, &number), EISDIR);
	CHECK_EQUAL(tree_open("/d", OPEN_FOLDER | OPEN_WRITE, &number), EISDIR);
	CHECK_EQUAL(tree_open("/d/..", OPEN_WRITE | OPEN_CREATE, &number), EINVAL);
	CHECK_EQUAL(tree_open("/d//b", OPEN_WRITE | OPEN_CREATE, &number), ENOENT);
	CHECK_EQUAL(tree_unlink("/d"), ENOTEMPTY);
	CHECK_EQUAL(tree_unlink("/"), EBUSY);
	CHECK_EQUAL(tree_rename("/d", "/d/e"), EINVAL);
	CHECK_EQUAL(tree_open("/new", OPEN_READ | OPEN_CREATE | OPEN_FOLDER, &number), EINVAL);
	CHECK_EQUAL(tree_find("/new", &number), ENOENT);
	CHECK_EQUAL(tree_rename("/d/a", "/d"), EISDIR);
	CHECK_EQUAL(tree_rename("/d", "/d/a"), EINVAL);
	memset(name + 1, 'n', FS_NAME_MAX - 1);
	CHECK_EQUAL(tree_make_folder(name), 0);
	name[FS_NAME_MAX] = 'n';
	CHECK_EQUAL(tree_make_folder(name), ENAMETOOLONG);
}

/* A file without a name lives until it is closed. */
static void open_and_unlinked(void **state)
{
	u32 number, one, two, free, written, got;
	u8 buffer[8];

	(void)state;
	begin(STORE_MOST);
	free = blocks_free();
	CHECK_EQUAL(tree_open("/f", OPEN_WRITE | OPEN_CREATE, &number), 0);
	CHECK_EQUAL(open_new(CLIENT, number, OPEN_READ, &one), 0);
	CHECK_EQUAL(content_write(node_at(number), 0, "text", 4, &written), 0);
	open_fork(CLIENT, CLIENT + 1);
	CHECK(open_of(CLIENT, one) == open_of(CLIENT + 1, one), "one position");
	CHECK_EQUAL(tree_unlink("/f"), 0);
	CHECK_EQUAL(tree_find("/f", &two), ENOENT);
	CHECK_EQUAL(resume().closed, 0);
	CHECK(!memcmp(content_view(node_at(number), 0, 8, buffer, &got), "text", 4), "its bytes");
	open_exit(CLIENT);
	CHECK(open_of(CLIENT + 1, one), "the child has it still");
	CHECK(open_close(CLIENT + 1, one) && !open_close(CLIENT + 1, one), "closed once");
	CHECK_EQUAL(node_at(number)->kind, NODE_FREE);
	CHECK_EQUAL(blocks_free(), MAX(free, blocks_count() - RECORD_BLOCKS));
	for (u32 i = 0; i < FS_OPEN_FILES; i++)
		CHECK_EQUAL(open_new(CLIENT, NODE_TOP, OPEN_FOLDER, &one), 0);
	CHECK_EQUAL(open_new(CLIENT, NODE_TOP, OPEN_FOLDER, &one), EMFILE);
}

/* Opens files in children of `first`, as many as they get; how many. */
static u32 open_many(u32 first, u32 children)
{
	u32 number, files = 0;

	for (u32 child = first + 1; child <= first + children; child++) {
		open_fork(first, child);
		while (open_is_possible(child)) {
			CHECK_EQUAL(open_new(child, NODE_TOP, OPEN_FOLDER, &number), 0);
			files++;
		}
		CHECK_EQUAL(open_new(child, NODE_TOP, OPEN_FOLDER, &number), EMFILE);
	}
	return files;
}

/* A family leaves as many records as it has, also after a restart; the first process has any. */
static void a_share_of_open_files(void **state)
{
	u32 number;

	(void)state;
	begin(STORE_MOST);
	open_fork(1, 10);
	open_fork(1, 90);
	CHECK_EQUAL(open_many(10, 40), 512);
	CHECK_EQUAL(resume().closed, 0);
	CHECK(!open_is_possible(20), "its family has its share");
	CHECK_EQUAL(open_many(90, 40), 256);
	for (u32 i = 0; i < FS_OPEN_FILES; i++)
		CHECK_EQUAL(open_new(1, NODE_TOP, OPEN_FOLDER, &number), 0);
	for (u32 client = 0; client < PIDS; client++)
		open_exit(client);
	CHECK_EQUAL(node_users(NODE_TOP), 0);
	open_fork(1, 10);
	CHECK_EQUAL(open_many(10, 1), FS_OPEN_FILES);
}

/* The last byte that a file may have can be written, none behind it; cuts need no room. */
static void ends_of_files(void **state)
{
	u32 number, written;
	struct node *node;

	(void)state;
	begin(2 * STORE_PIECE);
	take_blocks(4);
	CHECK_EQUAL(tree_open("/f", OPEN_WRITE | OPEN_CREATE, &number), 0);
	node = node_at(number);
	CHECK_EQUAL(content_write(node, CONTENT_MAX - 1, "xy", 2, &written), 0);
	CHECK_EQUAL(written, 1);
	CHECK_EQUAL(content_write(node, CONTENT_MAX, "x", 1, &written), EFBIG);
	CHECK_EQUAL(content_cut(node, CONTENT_MAX + 1), EFBIG);
	CHECK_EQUAL(node->size, CONTENT_MAX);
	CHECK_EQUAL(content_write(node, 0x300000, "x", 1, &written), ENOSPC);
	CHECK_EQUAL(content_cut(node, 0x300001), 0);
	CHECK_EQUAL(node->size, 0x300001);
}

/* The record of an open file that is damaged closes it, and nothing else. */
static void damaged_open_files(void **state)
{
	u32 number, one, two;

	(void)state;
	begin(STORE_MOST);
	CHECK_EQUAL(tree_open("/f", OPEN_WRITE | OPEN_CREATE, &number), 0);
	CHECK_EQUAL(open_new(CLIENT, number, OPEN_READ, &one), 0);
	CHECK_EQUAL(open_new(CLIENT, number, OPEN_READ, &two), 0);
	open_of(CLIENT, one)->position++;
	CHECK_EQUAL(resume().closed, 1);
	CHECK(!open_of(CLIENT, one) && open_of(CLIENT, two), "the right one");
	CHECK_EQUAL(node_users(number), 1);
}

const struct CMUnitTest files_tests[] = {
	cmocka_unit_test(files_and_restarts),
	cmocka_unit_test(without_room),
	cmocka_unit_test(damaged_bits),
	cmocka_unit_test(one_block_of_two_files),
	cmocka_unit_test(two_of_one_name),
	cmocka_unit_test(wrong_names),
	cmocka_unit_test(garbage),
	cmocka_unit_test(empty_store),
	cmocka_unit_test(programs),
	cmocka_unit_test(program_without_room),
	cmocka_unit_test(wrong_paths),
	cmocka_unit_test(open_and_unlinked),
	cmocka_unit_test(a_share_of_open_files),
	cmocka_unit_test(ends_of_files),
	cmocka_unit_test(damaged_open_files),
};
const size_t files_test_count = ARRAY_SIZE(files_tests);
