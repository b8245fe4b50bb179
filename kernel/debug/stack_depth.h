/*
 * How deep kernel stacks are used, as the hooks of mm/hooks/stack_depth.h have seen it.  Compiled
 * with CONFIG_DEBUG only; otherwise an empty inline function.
 */
#ifndef KERNEL_DEBUG_STACK_DEPTH_H
#define KERNEL_DEBUG_STACK_DEPTH_H

#ifdef CONFIG_DEBUG
/* Prints a line with the deepest use of any stack, living ones included. */
void stack_depth_report(void);
#else
static inline void stack_depth_report(void) {}
#endif

#endif
