/*
 * A second task that faults; the test is its pager, or a third task is.
 *
 * Its faults come to the endpoint of SLOT_C with one badge, what it tells with another.
 */
#ifndef USER_TEST_CLIENT_H
#define USER_TEST_CLIENT_H

#include "user/test/fellow.h"

#define P TEST_PAGES
#define SLOT_ANSWER 90u
#define RESUME 0u
#define END 100u
#define READ_FAULT 14u
#define WRITE_FAULT (14u | 2u << 8)
/* In an error code: the page is there; the access came from user mode. */
#define LABEL_ACCESS(label) ((label)&0x12FFu)

extern struct fellow client;

/* In the client: the end, with a value; it reads a word of page P, and tells that. */
void client_tell(u32 value);
void client_reads(void *unused);

/* Starts it on the last CPU; the first message that comes from it. */
struct result client_begin(void (*run)(void *));
/* Answers its fault; the next message. */
struct result client_answer(u32 label);
void client_check_fault(const struct result *message, u32 access, u32 address);
/* It has told this value. */
void client_check_end(const struct result *message, u32 value);
bool client_is_gone(void);

#endif
