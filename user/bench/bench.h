/*
 * The benchmark of the calls: run="bench TAG [KEYS]" prints lines as docs/bench.md describes them.
 *
 * The program runs twice: the first task measures, a child answers.  Both have one thread that
 * works and know each other by an endpoint and two notifications, in the same slots.
 */
#ifndef USER_BENCH_BENCH_H
#define USER_BENCH_BENCH_H

#include "lib/types.h"
#include "user/lib/layout.h"
#include "user/lib/tool/measure.h"

enum bench_slot {
	SLOT_MEET = 32, /* endpoint: the first task calls, the child answers */
	SLOT_PING,      /* notification that the child waits for */
	SLOT_PONG,      /* and the first task */
	SLOT_ANSWER,    /* the child's reply handle */
	SLOT_MADE       /* what a measured call makes, and the next ones */
};

/* Labels of messages to the child. */
enum request {
	REQUEST_ECHO = 1,
	REQUEST_PLACE,
	REQUEST_STRING,
	REQUEST_CLOSE,
	REQUEST_PONGS,
	REQUEST_TOUCH,  /* so many pages of FAULT_PLACE; word 0 of the answer: ticks */
	REQUEST_FORGET, /* unmaps them */
	REQUEST_END
};

/* Where the child faults: the far end of its stack, which its pager fills. */
#define FAULT_PLACE STACK_BOTTOM
#define FAULT_PAGES 128u

extern const struct key call_keys[], memory_keys[];
extern const u32 call_key_count, memory_key_count;

/* What the child does until it is told to end. */
void answer_requests(void);

#endif
