/*
 * The grader's stage (labs/9): a first task that starts the pager, and then does for the host,
 * which stops it in its gate, one system call after the other.
 *
 * Its clients run a page of code of its own, in which the host moves their threads about:
 * at STAGE_STAND a thread waits for the host; the host sets its registers and where it goes on.
 */
#ifndef USER_STAGE_STAGE_H
#define USER_STAGE_STAGE_H

/* Where no program of ours lies, so that a stop there is one of these. */
#define STAGE_CODE 0x10000000u
#define STAGE_GATE (STAGE_CODE + 0x00u)  /* ret: the stage itself */
#define STAGE_STAND (STAGE_CODE + 0x10u) /* a client's thread; begins here */
#define STAGE_LOAD (STAGE_CODE + 0x20u)  /* eax = word at ebx; back to STAND */
#define STAGE_STORE (STAGE_CODE + 0x30u) /* word at ebx = eax; back to STAND */
#define STAGE_CALL (STAGE_CODE + 0x40u)  /* int 0x80; back to where edx says */
/* A page of the client's, which has a call of its own in it: a jump there executes it. */

#define STAGE_PAGER_SLOT 20u    /* the pager's task */
#define STAGE_THREAD_SLOT 21u   /* its first thread */
#define STAGE_ENDPOINT_SLOT 22u /* what it serves */
#define STAGE_PRIO 5u           /* below all others: it goes on when they have done all they can */

#endif
