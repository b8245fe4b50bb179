/*
 * The words of a command line.  Blanks part them.  Between double quotes a blank belongs to the
 * word; the quotes do not.  So run="a b", as QEMU's -append takes it, and "run=a b", as GRUB passes
 * it on, are the same word.  A backslash before a quote or another backslash makes that one an
 * ordinary character: GRUB writes quotes inside words so.
 */
#ifndef LIB_WORDS_H
#define LIB_WORDS_H

#include "lib/types.h"

enum word_kind {
	WORD_END, /* no word is left */
	WORD_GOOD,
	WORD_LONG, /* cut: `size` does not hold it */
	WORD_OPEN, /* the line ends inside quotes */
};

struct words {
	const char *rest; /* what is still to be read: at first the line */
	char *word;       /* the last word read, always ended by 0 */
	u32 size;         /* of `word`, not 0 */
	u32 length;       /* of the last word, be it cut or not */
};

/* Reads the next word. */
enum word_kind words_next(struct words *words);

#endif
