/* What cp and mv share: sources, and a target that may be a folder; rm has the paths, too. */
#ifndef USER_LIB_TOOL_TARGET_H
#define USER_LIB_TOOL_TARGET_H

#include "user/lib/protocol/fs.h"

/* The path of a name in a folder; 0, or -1 and errno. */
int path_inside(char inside[PATH_MAX], const char *folder, const char *name);

/* 0, or -1 and errno. */
typedef int target_function(const char *from, const char *to);

/* Of the arguments behind the options.  The program's exit status; what failed was said. */
int target_each(int argc, char **argv, target_function *run, const char *how);

#endif
