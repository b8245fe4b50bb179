/*
 * How deep kernel stacks are used (debug build; otherwise all of this is nothing): each is filled
 * when it is made, and what is no longer filled has been used.
 */
#ifndef MM_HOOKS_STACK_DEPTH_H
#define MM_HOOKS_STACK_DEPTH_H

#include "lib/compiler.h"
#include "lib/types.h"

#ifdef CONFIG_DEBUG

void stack_depth_made(uintptr_t bottom, const char *owner);
void stack_depth_gone(uintptr_t bottom);
/* The stack on which the caller stands since boot.  Step 0. */
void stack_depth_boot(void);

#else

static inline void stack_depth_made(
	__maybe_unused uintptr_t bottom, __maybe_unused const char *owner)
{
}
static inline void stack_depth_gone(__maybe_unused uintptr_t bottom) {}
static inline void stack_depth_boot(void) {}

#endif
#endif
