/* Files' properties and folders, as <sys/stat.h> and <dirent.h> of POSIX.1-2017. */
#ifndef USER_LIB_C_SYS_STAT_H
#define USER_LIB_C_SYS_STAT_H

#include "user/lib/protocol/fs.h"

struct stat {
	bool folder;
	u32 st_size, st_ino, st_mtime;
};

int stat(const char *path, struct stat *stat);
int mkdir(const char *path, int mode);

struct dirent {
	struct stat stat;
	char d_name[FS_NAME_MAX];
};
typedef struct folder DIR;

DIR *opendir(const char *path);
struct dirent *readdir(DIR *folder);
int closedir(DIR *folder);

#endif
