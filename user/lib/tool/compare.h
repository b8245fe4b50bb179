/* What `test` compares: the program, and the command that is built into the shell. */
#ifndef USER_LIB_TOOL_COMPARE_H
#define USER_LIB_TOOL_COMPARE_H

/* The exit status: 0 if what the arguments say is so, 1 if not, 2 after a message. */
int compare_arguments(int argc, char **argv);

#endif
