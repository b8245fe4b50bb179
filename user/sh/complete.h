/*
 * Completion: which part of a line is to be completed, and by what.  No calls: whoever asks offers
 * the names one by one.
 */
#ifndef USER_SH_COMPLETE_H
#define USER_SH_COMPLETE_H

#include "lib/types.h"

#define COMPLETE_MAX 64u /* bytes of a name, with its 0 */
#define COMPLETE_REST (2 * COMPLETE_MAX + 1)

struct complete {
	bool command;      /* the first word of a command, without a '/' */
	char folder[256];  /* in which the name is looked for */
	const char *start; /* of the name, in the line */
	u32 length;
	u32 found;
	char common[COMPLETE_MAX]; /* what all that were found begin with */
	bool folder_found;         /* the last one is a folder */
};

/* What stands before the cursor.  False: nothing can be completed. */
bool complete_begin(struct complete *complete, const char *line, u32 at);
/* Whether it fits. */
bool complete_offer(struct complete *complete, const char *name, bool is_folder);
/*
 * What is to be inserted, perhaps nothing: the rest, with a '\\' before each sign of the shell, and
 * '/' or a blank if there is but one.
 */
void complete_rest(const struct complete *complete, char rest[COMPLETE_REST]);

#endif
