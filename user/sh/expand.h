/*
 * From a word as written to what is meant: quotes go, $NAME, ${NAME}, $?, $! and $$ become values,
 * '*' and '?' without quotes become the signs of pattern.h.  A value stays one word.  No calls.
 */
#ifndef USER_SH_EXPAND_H
#define USER_SH_EXPAND_H

#include "lib/types.h"

/* NULL: no such variable, which is as good as an empty one. */
typedef const char *value_of(const char *name);

/*
 * Writes it with its 0; false: more than `room` bytes.  *nothing: the word was nothing but
 * variables without a value, and counts as none.
 */
bool expand(const char *word, value_of *value, char *to, u32 room, bool *nothing);

/* The length of NAME where the word is NAME=..., else 0. */
u32 assigned_name(const char *word);

#endif
