/* What the small programs share: files named by arguments, else what stands before them. */
#ifndef USER_LIB_TOOL_INPUT_H
#define USER_LIB_TOOL_INPUT_H

#include "user/lib/c/stdio.h"

/* `name` is NULL for stdin.  False: it failed, and was said. */
typedef bool input_function(FILE *file, const char *name);

/* Of the arguments from `first` on, or of stdin if there is none, "-" too.  The exit status. */
int input_each(int argc, char **argv, int first, input_function *run);

/* Says what errno means for a file: "cat: nosuch: no such file or folder".  Always false. */
bool file_error(const char *name);

/* Runs it for each argument from `first` on, and says what failed.  The exit status. */
int argument_each(int argc, char **argv, int first, int (*run)(const char *name));

/* Tells how the program is used; the status of one that was called wrongly. */
int usage(const char *text);

/* A number from 0 on, all of the word; -1: it is none. */
int number_of(const char *word);

#endif
