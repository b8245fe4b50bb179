/* What cp and mv share: sources, and a target that may be a folder. */
#ifndef USER_LIB_TOOL_TARGET_H
#define USER_LIB_TOOL_TARGET_H

/* 0, or -1 and errno. */
typedef int target_function(const char *from, const char *to);

/* The program's exit status; what failed was said. */
int target_each(int argc, char **argv, target_function *run, const char *how);

#endif
