/*
 * Which errors the tests have seen of each call: a page that the program that runs them shares with
 * each test's task.  At the end every pair (call, error) of lib/abi/calls.h must have been seen.
 */
#ifndef USER_TEST_RECORD_H
#define USER_TEST_RECORD_H

#include "lib/types.h"

/* In the parent, once.  0 or an error. */
u32 record_begin(void);
/* Maps the page into a task. */
u32 record_give(u32 task);
/* A call by its number, or by its text, "ipc_send(...)", has ended with this error. */
void record(u32 call, u32 error);
void record_text(const char *text, u32 error);
/* True if nothing is missing; else says what. */
bool record_is_complete(void);

#endif
