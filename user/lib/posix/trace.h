/*
 * Traces: the library prints each system call that the program makes, and what it returned, to
 * descriptor 2.  The kernel has no part in it.
 */
#ifndef USER_LIB_POSIX_TRACE_H
#define USER_LIB_POSIX_TRACE_H

#include "user/lib/kernel_call.h"

/* From now on. */
void trace_begin(void);

/* "FS_OPEN" for the label of a request to the server in this standard slot; NULL: not known. */
const char *trace_request(u32 slot, u32 label);

/* The text of a call without its end; pure, for tests.  Its length. */
u32 trace_text(const struct result *in, const struct message *message, char *text, u32 size);

#endif
