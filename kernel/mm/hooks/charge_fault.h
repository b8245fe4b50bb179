/*
 * Charges and allocations that fail on purpose, for tests of what follows.  An account whose limit
 * is CHARGE_FAULT + n has its n-th charge refused, as if the limit were passed.  Of a task whose
 * limit is ALLOC_FAULT + n the n-th allocation fails that its threads make, of pages or of an
 * object, as if the machine had no memory left.  No machine has so much memory for one task.
 * Compiled with CONFIG_DEBUG only; otherwise empty inline functions.
 */
#ifndef MM_HOOKS_CHARGE_FAULT_H
#define MM_HOOKS_CHARGE_FAULT_H

#include "lib/compiler.h"
#include "lib/types.h"

#define CHARGE_FAULT 0xB0000000u
#define CHARGE_FAULT_MOST 0xFFFFu
#define ALLOC_FAULT 0xB1000000u

struct account;

#ifdef CONFIG_DEBUG

/* True: refuse this charge.  Any context; one such account at a time. */
bool charge_fails(const struct account *account);
/* True: this allocation of the running thread finds nothing.  Thread context; one such task. */
bool alloc_fails(u32 gfp);

#else

static inline bool charge_fails(__maybe_unused const struct account *account) { return false; }
static inline bool alloc_fails(__maybe_unused u32 gfp) { return false; }

#endif
#endif
