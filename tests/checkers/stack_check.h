/*
 * Checks the lists of kernel stacks: invariant 70.  Knows the public headers alone.
 */
#ifndef TESTS_STACK_CHECK_H
#define TESTS_STACK_CHECK_H

#include "lib/types.h"

/* This CPU's list.  NULL, or what is wrong (a static text). */
const char *stack_list_check(void);

/* Stacks in this CPU's list; and in those of all CPUs. */
u32 nr_cached_stacks(void);
u32 nr_cached_stacks_all(void);

#endif
