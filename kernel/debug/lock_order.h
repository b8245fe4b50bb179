/*
 * The order of locks, as the hooks of arch/x86/hooks/lock_order.h have learnt it.  Compiled with
 * CONFIG_DEBUG only; otherwise empty inline functions.
 */
#ifndef KERNEL_DEBUG_LOCK_ORDER_H
#define KERNEL_DEBUG_LOCK_ORDER_H

#include "lib/types.h"

#ifdef CONFIG_DEBUG

/* A panic was caught that left `depth` locks held: forgets what was taken above them. */
void lock_order_forget(u32 depth);

#else

static inline void lock_order_forget(u32 depth) { (void)depth; }

#endif
#endif
