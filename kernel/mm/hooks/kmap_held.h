/*
 * A thread that holds a kmap may ask for more by kmap_try alone: two threads that wait with a slot
 * in hand could wait for one another.  Each thread counts the kmaps of high pages that it holds; it
 * gives back what it took itself.  Compiled with CONFIG_DEBUG only; otherwise empty inline
 * functions.
 */
#ifndef MM_HOOKS_KMAP_HELD_H
#define MM_HOOKS_KMAP_HELD_H

#include "lib/compiler.h"
#include "lib/types.h"

#ifdef CONFIG_DEBUG

/* Before `caller` may wait for a slot. */
void kmap_held_check(uintptr_t caller);
/* The running thread has n more, or less. */
void kmap_held_add(int n);
/* Names the threads that hold kmaps. */
void kmap_held_report(void);

#else

static inline void kmap_held_check(__maybe_unused uintptr_t caller) {}
static inline void kmap_held_add(__maybe_unused int n) {}
static inline void kmap_held_report(void) {}

#endif
#endif
