/*
 * Events: each access that the compiler has marked, and each step of the model.  Those that matter
 * to other CPUs are the ones at which the explorer may choose.
 *
 * An access matters if its word is contested: touched by two contexts (a CPU's thread, its
 * handlers), at least one of which writes, with no lock common to all accesses seen so far in any
 * schedule.  When a word turns out to be contested the exploration begins anew, so that in the last
 * one every access to it was a stop.
 */
#ifndef INTERLEAVE_ACCESS_H
#define INTERLEAVE_ACCESS_H

#include "machine.h"

#include <stdio.h>

/* How the explorer lets CPUs run: up to the next contested event, or for so many events exactly. */
extern bool stop_by_count;
extern u32 events_left;
/* Set when a word has become contested. */
extern bool contested_grew;
/* Every word counts as contested from its first access on: no reduction, to compare with. */
extern bool every_access;

/* A step of the model that other CPUs can notice: `what` and `at` are for the trace. */
void event(const char *what, uintptr_t at, uintptr_t place);
/* The same, not before `waiting` is over. */
void event_wait(const char *what, enum wait waiting, uintptr_t at, uintptr_t place);
/*
 * One that others notice only when the store that it leaves in the buffer becomes visible; the
 * second makes that store.
 */
void event_unseen(const char *what, uintptr_t at, uintptr_t place);
void event_store(const char *what, uintptr_t at, u32 value, uintptr_t place);
/*
 * A locked operation on a word: an event if that matters, then all buffered stores become visible.
 */
void event_locked(const char *what, uintptr_t at, u32 size, uintptr_t place);
/* After it. */
void locked_done(uintptr_t at);
/* All stores before it become visible. */
void event_barrier(uintptr_t place);
/* A plain load or store that the compiler has marked; a store is made right after this. */
void access_marked(uintptr_t at, u32 size, bool write, uintptr_t place);
/* The store that was marked last has been made by now: it goes where it belongs. */
void settle(void);

/* Memory in which accesses count; what is `whole` is a part of the state from end to end. */
void region_add(void *start, size_t size, bool whole);
struct region {
	char *start;
	size_t size;
	bool whole;
};
extern struct region regions[16];
extern u32 nregions;
/* Counters that nobody decides by: neither state nor events. */
void region_ignore(void *start, size_t size);
bool region_is_ignored(uintptr_t at);
/* State, but no events: what handlers leave as they found it. */
void region_quiet(void *start, size_t size);
void access_forget_all(void);
u32 contested_count(void);
/* All of them as text, for replays; and back: the end of the text, or NULL. */
void contested_print(FILE *to);
const char *contested_read(const char *text);

/* A bit for each lock; 0 for those that come too late to get one, which then explain nothing. */
u32 lock_bit(const void *lock);
#define LOCK_IRQS_OFF 31u

/* ---- Trace (trace.c) ---- */
extern bool tracing;
/* Of accesses only those that others can notice, and behind each function `@` and the address. */
extern bool brief;
void trace(const char *what, uintptr_t at, u32 size, uintptr_t place);
/* The CPU's oldest store is about to become visible, by itself. */
void trace_visible(u32 cpu);
void trace_text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void names_init(void);
/* "pkmap_count+4", or for frames "frame 3+8"; in a static buffer. */
const char *name_of(uintptr_t at);

#endif
