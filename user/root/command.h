/* What the kernel's command line says to root.  run=: which program, and its arguments. */
#ifndef USER_ROOT_COMMAND_H
#define USER_ROOT_COMMAND_H

#include "lib/types.h"

#define COMMAND_SIZE 320u /* as the kernel's words, kernel/cmdline.c */
#define COMMAND_ARGUMENTS 32u

struct command {
	u32 count; /* 0: no run= */
	const char *argument[COMMAND_ARGUMENTS];
	const char *fault; /* what is wrong with run=, NULL: nothing */
	char value[COMMAND_SIZE], text[COMMAND_SIZE + COMMAND_ARGUMENTS];
};

/* The last run= of the line counts.  Words of the value are those of lib/words.h again. */
void command_parse(const char *line, struct command *command);

/* ping=: milliseconds from one ping of each server to the next. */
#define PING_MIN 10u
#define PING_MAX 60000u
#define PING_USUAL 1000u
u32 command_ping(const char *line);

#endif
