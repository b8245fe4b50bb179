/* The file server: requests of user/lib/protocol/fs.h on the store that root holds. */
#include "lib/assert.h"
#include "lib/string.h"
#include "user/lib/ask.h"
#include "user/lib/c/stdlib.h"
#include "user/lib/c/time.h"
#include "user/lib/print.h"
#include "user/lib/protocol/root.h"
#include "user/lib/server.h"
#include "user/ramfs/content.h"
#include "user/ramfs/open.h"
#include "user/ramfs/store.h"
#include "user/ramfs/tree.h"

#define ROOT_TIME 500000u /* microseconds */

/* What answers' strings are made in. */
static char data[DATA_MAX] __attribute__((aligned(4096)));

/* ---- Files by path ---- */

static bool is_text(const char *text, u32 size) { return size && !text[size - 1]; }

static u32 open_path(const struct request *request, u32 client, struct answer *answer)
{
	u32 node, flags = request->word[0], error;

	if (!(flags & (OPEN_READ | OPEN_WRITE | OPEN_FOLDER)))
		return EINVAL;
	/* Before the file is made or cut off. */
	if (!open_is_possible(client))
		return EMFILE;
	error = tree_open(request->string, flags, &node);
	return error ? error : open_new(client, node, flags, &answer->word0);
}

static u32 tell(const char *path, struct answer *answer)
{
	static struct fs_stat found;
	u32 node, error = tree_find(path, &node);

	if (error)
		return error;
	node_tell(node, &found);
	answer->string = &found;
	answer->size = sizeof(found);
	return 0;
}

/* Two texts, one behind the other. */
static u32 rename_path(const char *from, u32 size)
{
	u32 length = (u32)strlen(from) + 1;

	return length < size ? tree_rename(from, from + length) : EINVAL;
}

static u32 serve_path(const struct request *request, u32 client, struct answer *answer)
{
	if (!request->string || !is_text(request->string, request->size))
		return EINVAL;
	switch (request->label) {
	case FS_OPEN: return open_path(request, client, answer);
	case FS_STAT: return tell(request->string, answer);
	case FS_UNLINK: return tree_unlink(request->string);
	case FS_MKDIR: return tree_make_folder(request->string);
	default: return rename_path(request->string, request->size);
	}
}

/* ---- Open files ---- */

static u32 read_at(const struct open_file *file, u32 at, u32 bytes, struct answer *answer)
{
	if (!(file->flags & OPEN_READ))
		return EACCES;
	if (node_at(file->node)->kind == NODE_FOLDER)
		return EISDIR;
	answer->string =
		content_view(node_at(file->node), at, MIN(bytes, DATA_MAX), data, &answer->word0);
	answer->size = answer->word0;
	return 0;
}

static u32 read_on(struct open_file *file, u32 bytes, struct answer *answer)
{
	u32 error = read_at(file, file->position, bytes, answer);

	if (!error) {
		file->position += answer->word0;
		open_seal(file);
	}
	return error;
}

static u32 write_on(struct open_file *file, const struct request *request, struct answer *answer)
{
	struct node *node = node_at(file->node);
	u32 error;

	if (!(file->flags & OPEN_WRITE))
		return EACCES;
	if (file->flags & OPEN_APPEND)
		file->position = node->size;
	error = content_write(node, file->position, request->string, request->size, &answer->word0);
	file->position += answer->word0;
	open_seal(file);
	return answer->word0 ? 0 : error;
}

static u32 seek(struct open_file *file, u32 offset, u32 kind, u32 *position)
{
	s64 from, to;

	switch (kind) {
	case SEEK_SET: from = 0; break;
	case SEEK_CUR: from = file->position; break;
	case SEEK_END: from = node_at(file->node)->size; break;
	default: return EINVAL;
	}
	to = from + (s32)offset;
	if (to < 0 || to > CONTENT_MAX)
		return EINVAL;
	*position = file->position = (u32)to;
	open_seal(file);
	return 0;
}

static u32 entry(const struct open_file *file, u32 index, struct answer *answer)
{
	static struct fs_entry found;
	u32 node;

	if (node_at(file->node)->kind != NODE_FOLDER)
		return ENOTDIR;
	node = node_entry(file->node, index);
	if (node == NODE_NONE)
		return ENOENT;
	node_tell(node, &found.stat);
	strlcpy(found.name, node_at(node)->name, sizeof(found.name));
	answer->string = &found;
	answer->size = sizeof(found);
	return 0;
}

static u32 truncate(const struct open_file *file, u32 size)
{
	return file->flags & OPEN_WRITE ? content_cut(node_at(file->node), size) : EACCES;
}

static u32 serve_open(const struct request *request, u32 client, struct answer *answer)
{
	const u32 *word = request->word;
	struct open_file *file = open_of(client, word[0]);

	if (!file)
		return EBADF;
	switch (request->label) {
	case FS_CLOSE: open_close(client, word[0]); return 0;
	case FS_READ: return read_on(file, word[1], answer);
	case FS_READ_AT: return read_at(file, word[2], word[1], answer);
	case FS_WRITE: return write_on(file, request, answer);
	case FS_SEEK: return seek(file, word[1], word[2], &answer->word0);
	case FS_ENTRY: return entry(file, word[1], answer);
	default: return truncate(file, word[1]);
	}
}

/* ---- Clients that come and go ---- */

static u32 serve_proc(const struct request *request)
{
	u32 first = client_of(request->word[0]), second = client_of(request->word[1]);

	if (request->badge != BADGE_OF(SERVER_PROC))
		return EPERM;
	if (first == NO_CLIENT || second == NO_CLIENT)
		return EINVAL;
	if (request->label == FS_FORK)
		open_fork(first, second);
	else
		open_exit(first);
	return 0;
}

static void serve(const struct request *request, struct answer *answer)
{
	u32 client = client_of(request->badge);

	node_time = time_now();
	if (client == NO_CLIENT) {
		answer->error = EPERM;
		return;
	}
	switch (request->label) {
	case FS_OPEN:
	case FS_STAT:
	case FS_UNLINK:
	case FS_MKDIR:
	case FS_RENAME: answer->error = serve_path(request, client, answer); return;
	case FS_CLOSE:
	case FS_READ:
	case FS_READ_AT:
	case FS_WRITE:
	case FS_SEEK:
	case FS_ENTRY:
	case FS_TRUNCATE: answer->error = serve_open(request, client, answer); return;
	case FS_FORK:
	case FS_EXIT: answer->error = serve_proc(request); return;
	default: answer->error = ENOSYS;
	}
}

/* ---- The beginning ---- */

/* A piece of which root was not heard is not there; but what is there, only root can say. */
static u32 ask_for_store(u32 piece, enum store_request what)
{
	struct ask request = { .label = ROOT_STORE, .word = { piece, what }, .timeout = ROOT_TIME };
	u32 error = ask(SLOT_PARENT, &request);

	if (error && what == STORE_LOOK)
		panic("no store: %s", error_name(error));
	return error ? 0 : request.word0;
}

#define TOLD 16u /* the others are counted */
static void tell_dropped(const char *name)
{
	static u32 told;

	if (told++ < TOLD)
		printf("ramfs: %s was damaged, and is gone\n", name);
}

static void begin_store(void)
{
	struct takeover takeover = { .name = tell_dropped };

	blocks_begin((u8 *)RAMFS_STORE, ask_for_store);
	if (store_resume(&takeover))
		printf("ramfs: %u files taken over, %u damaged, %u open files lost\n",
			takeover.files, takeover.dropped, takeover.closed);
	else if (store_format())
		panic("no store: %u blocks from root", blocks_count());
	blocks_give_back();
}

int main(int argc, char **argv)
{
	static const struct server server = {
		.name = "ramfs", .takes = TAKES_STRINGS, .serve = serve
	};
	const char *bytes = getenv("ARCHIVE");
	u32 size = bytes ? (u32)strtol(bytes, NULL, 10) : 0, error;

	(void)argc;
	(void)argv;
	node_time = time_now();
	content_archive((const u8 *)RAMFS_ARCHIVE, size);
	begin_store();
	error = store_add_programs((const u8 *)RAMFS_ARCHIVE, size);
	if (error)
		printf("ramfs: programs are missing in /bin: %s\n", error_name(error));
	server_run(&server);
}
