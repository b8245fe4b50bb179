/*
 * A line of the shell, taken apart: pipelines of commands of words.  No calls.
 *
 *   line      pipeline { (';' | '&' | '&&' | '||') pipeline }
 *   pipeline  command { '|' command }
 *   command   words, and < FILE, > FILE, >> FILE, >&DESCRIPTOR, each with a digit, 0 to 2, before
 *             it for another descriptor
 *
 * Words are kept as they were written; expand.h takes quotes and '$' out of them.  '#' where a word
 * could begin starts a comment.
 */
#ifndef USER_SH_PARSE_H
#define USER_SH_PARSE_H

#include "lib/types.h"

#define LINE_MAX 4096u /* bytes, with the 0 */
#define WORDS_MAX 512u
#define COMMANDS_MAX 64u
#define PIPELINES_MAX 64u
#define REDIRECTS_MAX 64u

enum redirect_kind { REDIRECT_IN, REDIRECT_OUT, REDIRECT_APPEND, REDIRECT_DUP };

struct redirect {
	enum redirect_kind kind;
	u32 fd;
	const char *file; /* a word as written; of REDIRECT_DUP the other descriptor */
};

/* First and number of each part, in the arrays below. */
struct command {
	u32 word, words;
	u32 redirect, redirects;
};

/* What stands behind a pipeline. */
enum after { AFTER_NEXT, AFTER_AND, AFTER_OR, AFTER_BACKGROUND };

struct pipeline {
	u32 command, commands;
	enum after after;
	const char *start; /* its text in the line, for people */
	u32 length;
};

struct parsed {
	const char *fault; /* what is wrong with the line, NULL: nothing */
	u32 words, commands, pipelines, redirects;
	const char *word[WORDS_MAX];
	struct command command[COMMANDS_MAX];
	struct pipeline pipeline[PIPELINES_MAX];
	struct redirect redirect[REDIRECTS_MAX];
	char text[LINE_MAX + WORDS_MAX]; /* of words */
	u32 used;
};

/* The line must stay while what was made of it is used.  False: `fault` says why. */
bool parse(struct parsed *parsed, const char *line);

#endif
