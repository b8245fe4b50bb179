/* The files that a pattern stands for. */
#ifndef USER_SH_MATCH_H
#define USER_SH_MATCH_H

#include "lib/types.h"

enum match_result {
	MATCH_NONE, /* no pattern, or nothing fits */
	MATCH_SOME,
	MATCH_TOO_MANY /* for the list, or for `room` */
};

/*
 * Their paths, written one after the other to `to` (*used bytes, at most `room`), in order, added
 * to the list of *count, at most `most`.  Names that begin with '.' fit a pattern that does.
 */
enum match_result match_files(
	const char *word, char **list, u32 *count, u32 most, char *to, u32 room, u32 *used);

#endif
