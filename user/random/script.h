/*
 * What the host has written for the conductor: calls and the answers that the model expects
 * (tests/model/script.py writes it).  All are words of 32 bits.
 *
 *   header   magic, number of steps, limits of the tasks
 *   step     kind | thread << 8 | pokes << 16 | answers << 24
 *            eax, ebx, esi, edi, ebp
 *            pokes:   address, value           written by the thread before it calls
 *            answers: thread | checks << 8 | registers << 16
 *                     errors: four bytes, any of which may be in eax
 *                     ebx, esi, edi, ebp       compared if their bit of `registers` is set
 *                     checks: address, value   read by the thread afterwards
 *
 * A step ends when every thread has returned that can; its answers name them all.
 */
#ifndef USER_RANDOM_SCRIPT_H
#define USER_RANDOM_SCRIPT_H

#include "lib/types.h"
#include "user/random/worker.h"

#define SCRIPT_AT 0x0A000000u
#define SCRIPT_MAGIC 0x4E524154u
#define ANY_ERROR 0xFFu

/*
 * Kinds of steps.  ADVANCE, with CALL: time passes afterwards, so that short time-outs end.
 * AGAIN: the thread ends, if it has not, and a new one takes its place; ebx, esi, edi are the slots
 * for its handle in each task.  RESTART: all tasks end and begin anew.
 */
enum step_kind { STEP_CALL = 1, STEP_ADVANCE = 2, STEP_AGAIN = 4, STEP_RESTART = 8 };

struct script_header {
	u32 magic, steps, limit[TASKS];
};

struct step {
	u32 what, eax, ebx, esi, edi, ebp;
	u32 rest[];
};

struct answer {
	u32 what, errors, ebx, esi, edi, ebp;
	struct pair checks[];
};

#endif
