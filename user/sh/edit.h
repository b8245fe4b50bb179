/*
 * The line that is typed at a prompt: bytes of a terminal in mode raw in, what it is to show out.
 * No calls.
 *
 * Keys: printable characters, Backspace, Delete; Left, Right, Home, End (Ctrl-B, F, A, E); Up, Down
 * (Ctrl-P, N) for history; Ctrl-U and Ctrl-K to the beginning and the end, Ctrl-W a word; Ctrl-L
 * clears the screen.  What has no meaning rings the bell.
 */
#ifndef USER_SH_EDIT_H
#define USER_SH_EDIT_H

#include "lib/types.h"

#define EDIT_MAX 1024u /* bytes of a line, with its 0 */
#define HISTORY 64u    /* lines; a power of two */
#define PROMPT_MAX 272u

enum edit_result {
	EDIT_MORE,      /* the line is not finished */
	EDIT_LINE,      /* Enter: it is in `text` */
	EDIT_END,       /* Ctrl-D on an empty line */
	EDIT_TOO_LONG,  /* Enter, but some of what was typed had no room */
	EDIT_INTERRUPT, /* Ctrl-C: forget the line */
	EDIT_COMPLETE   /* Tab: edit_insert(), or edit_show() after a list */
};

struct edit {
	void (*show)(const char *bytes, u32 n);
	u32 columns; /* of the terminal */
	char prompt[PROMPT_MAX];
	char text[EDIT_MAX];
	u32 length, at;    /* at: the cursor's place */
	u32 left;          /* first byte that is shown: a long line is seen through a window */
	bool cut;          /* there was no room for something, and nothing was deleted since */
	u32 state, number; /* of an escape sequence */
	char history[HISTORY][EDIT_MAX];
	u32 lines, looked_at;  /* counted on for ever */
	char newest[EDIT_MAX]; /* what was typed before Up */
};

/* An empty line behind the prompt, which is shown. */
void edit_begin(struct edit *edit, const char *prompt);
enum edit_result edit_put(struct edit *edit, u8 byte);
/* As if it had been typed. */
void edit_insert(struct edit *edit, const char *text);
/* Shows prompt and line once more. */
void edit_show(struct edit *edit);
/* The bell. */
void edit_refuse(struct edit *edit);
/* Keeps the line for Up, if it is not empty and not the last one again. */
void edit_keep(struct edit *edit);

#endif
