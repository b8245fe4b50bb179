/*
 * Patterns of file names.  In a word that the shell has expanded (user/sh/expand.h) the two signs
 * below stand for '*' and '?' that were not quoted.  No calls.
 */
#ifndef USER_LIB_TOOL_PATTERN_H
#define USER_LIB_TOOL_PATTERN_H

#include "lib/types.h"

#define PATTERN_ANY '\001' /* any bytes, also none */
#define PATTERN_ONE '\002' /* one byte */

/* Where its last component begins; NULL: it has no signs there, or some before. */
const char *pattern_name(const char *word);
bool pattern_fits(const char *pattern, const char *name);
/* The signs become '*' and '?' again. */
void pattern_undo(char *word);

#endif
