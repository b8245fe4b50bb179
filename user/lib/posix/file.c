/* Files by path and by descriptor: what ramfs is asked for.  See unistd.h, fcntl.h, sys_stat.h. */
#include "user/lib/posix/file.h"

#include "lib/string.h"
#include "user/lib/c/fcntl.h"
#include "user/lib/c/stdlib.h"
#include "user/lib/c/sys_stat.h"
#include "user/lib/c/unistd.h"
#include "user/lib/layout.h"
#include "user/lib/posix/descriptor.h"
#include "user/lib/posix/path.h"

static char folder_now[PATH_MAX] = "/";

void working_folder_begin(const char *folder) { path_whole("/", folder, folder_now); }

const char *working_folder(void) { return folder_now; }

/* ---- By path ---- */

u32 ask_about_path(const char *path, struct ask *request)
{
	char whole[PATH_MAX];

	if (!*path)
		return ENOENT;
	if (!path_whole(folder_now, path, whole))
		return ENAMETOOLONG;
	request->string = whole;
	request->size = (u32)strlen(whole) + 1;
	return ask(SLOT_FS, request);
}

static int result_of(u32 error) { return error ? failed(error) : 0; }

/* The flags of fcntl.h are those of the protocol. */
int open(const char *path, int flags, ...)
{
	struct ask request = { .label = FS_OPEN, .word = { (u32)flags }, .again = true };
	u32 error;
	int fd;

	if (!strcmp(path, "/dev/null"))
		return descriptor_new(0, FILE_NULL, 0);
	error = ask_about_path(path, &request);
	if (error)
		return failed(error);
	fd = descriptor_new(0, FILE_FS, request.word0);
	if (fd < 0)
		ask(SLOT_FS, &(struct ask){ .label = FS_CLOSE, .word = { request.word0 } });
	return fd;
}

static void put_stat(struct stat *to, const struct fs_stat *from)
{
	*to = (struct stat){ from->folder, from->size, from->number, from->changed };
}

int stat(const char *path, struct stat *stat)
{
	struct fs_stat found;
	struct ask request = {
		.label = FS_STAT, .place = &found, .room = sizeof(found), .again = true
	};
	u32 error = ask_about_path(path, &request);

	if (!error)
		put_stat(stat, &found);
	return result_of(error);
}

int mkdir(const char *path, int mode)
{
	(void)mode;
	return result_of(ask_about_path(path, &(struct ask){ .label = FS_MKDIR }));
}

int unlink(const char *path)
{
	return result_of(ask_about_path(path, &(struct ask){ .label = FS_UNLINK }));
}

int rmdir(const char *path) { return unlink(path); }

int rename(const char *from, const char *to)
{
	char both[2 * PATH_MAX];
	u32 length;

	if (!*from || !*to)
		return failed(ENOENT);
	if (!path_whole(folder_now, from, both))
		return failed(ENAMETOOLONG);
	length = (u32)strlen(both) + 1;
	if (!path_whole(folder_now, to, both + length))
		return failed(ENAMETOOLONG);
	length += (u32)strlen(both + length) + 1;
	return result_of(
		ask(SLOT_FS, &(struct ask){ .label = FS_RENAME, .string = both, .size = length }));
}

int chdir(const char *path)
{
	char whole[PATH_MAX];
	struct stat found;

	if (stat(path, &found))
		return -1;
	if (!found.folder)
		return failed(ENOTDIR);
	path_whole(folder_now, path, whole);
	strlcpy(folder_now, whole, sizeof(folder_now));
	return 0;
}

char *getcwd(char *buffer, size_t size)
{
	if (strlcpy(buffer, folder_now, size) < size)
		return buffer;
	failed(E2BIG);
	return NULL;
}

/* ---- By descriptor ---- */

off_t lseek(int fd, off_t offset, int whence)
{
	struct descriptor *descriptor = descriptor_of_kind(fd, FILE_FS, ESPIPE);
	struct ask request = { .label = FS_SEEK, .again = whence != SEEK_CUR };
	u32 error;

	if (!descriptor)
		return -1;
	request.word[0] = descriptor->number;
	request.word[1] = (u32)offset;
	request.word[2] = (u32)whence;
	error = ask(SLOT_FS, &request);
	return error ? failed(error) : (off_t)request.word0;
}

int ftruncate(int fd, off_t size)
{
	struct descriptor *descriptor = descriptor_of_kind(fd, FILE_FS, EINVAL);

	if (!descriptor)
		return -1;
	if (size < 0)
		return failed(EINVAL);
	return result_of(ask(SLOT_FS, &(struct ask){ .label = FS_TRUNCATE,
					      .word = { descriptor->number, (u32)size },
					      .again = true }));
}

/* ---- Folders ---- */

struct folder {
	int fd;
	u32 next;
	struct dirent entry;
};

DIR *opendir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY);
	DIR *folder = fd < 0 ? NULL : malloc(sizeof(*folder));

	if (folder) {
		folder->fd = fd;
		folder->next = 0;
	} else if (fd >= 0) {
		close(fd);
		failed(ENOMEM);
	}
	return folder;
}

struct dirent *readdir(DIR *folder)
{
	const struct descriptor *descriptor = descriptor_of(folder->fd);
	struct fs_entry found;
	struct ask request = { .label = FS_ENTRY,
		.word = { descriptor ? descriptor->number : 0, folder->next },
		.place = &found,
		.room = sizeof(found),
		.again = true };

	if (!descriptor || ask(SLOT_FS, &request))
		return NULL;
	folder->next++;
	put_stat(&folder->entry.stat, &found.stat);
	strlcpy(folder->entry.d_name, found.name, sizeof(folder->entry.d_name));
	return &folder->entry;
}

int closedir(DIR *folder)
{
	int closed = close(folder->fd);

	free(folder);
	return closed;
}
