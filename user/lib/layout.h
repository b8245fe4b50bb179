/*
 * Where things lie in a program: addresses and slots.  Whoever loads it puts them there (load.h).
 *
 *   00010000   root: the start page
 *   00011000   message page of the first thread
 *   00020000   processes and servers: the start-up object (startup.h)
 *   08048000   the program: text, constants, data (user/program.ld)
 *   60000000   window in which a loader fills pages
 *   be000000   areas of threads (thread.h); below them a heap ends
 *   bff00000   stack of the first thread, which ends at bffff000
 */
#ifndef USER_LIB_LAYOUT_H
#define USER_LIB_LAYOUT_H

#include "lib/abi/abi.h"

#define PAGE 4096u
#define PROGRAM_MESSAGE 0x00011000u
#define STARTUP 0x00020000u
#define LOAD_WINDOW 0x60000000u
#define THREADS_START 0xBE000000u
#define STACK_TOP 0xBFFFF000u
#define STACK_BOTTOM 0xBFF00000u

/* Slots that every program starts with; the first ones are root's too. */
#define SLOT_TASK ROOT_TASK
#define SLOT_THREAD ROOT_THREAD
#define SLOT_SYSTEM ROOT_SYSTEM /* only if it was given */
#define SLOT_PARENT 4u          /* endpoint of whoever started it, with the task's badge */
/* Of a process, and of a server, which has those that it may call (docs/servers.md). */
#define SLOT_PROC SLOT_PARENT
#define SLOT_PAGER 5u
#define SLOT_CON 6u
#define SLOT_FS 7u
#define SLOT_PIPE 8u
#define SLOT_NAMES 9u
#define SLOT_CLOCK 10u /* the library's: notification for sleep */
#define SLOT_FREE 16u  /* from here on slots are the program's own */

/* Messages to SLOT_PARENT.  EXIT: a call with the status in word 0, which nobody answers. */
enum parent_label { PARENT_EXIT = 1 };

#endif
