/*
 * Charges that fail on purpose, for tests of what follows from a refused allocation: an account
 * whose limit is CHARGE_FAULT + n has its n-th charge refused, as if the limit were passed.  No
 * machine has so much memory for one task.  Compiled with CONFIG_DEBUG only; otherwise an empty
 * inline function.
 */
#ifndef MM_HOOKS_CHARGE_FAULT_H
#define MM_HOOKS_CHARGE_FAULT_H

#include "lib/compiler.h"
#include "lib/types.h"

#define CHARGE_FAULT 0xB0000000u
#define CHARGE_FAULT_MOST 0xFFFFu

struct account;

#ifdef CONFIG_DEBUG

/* True: refuse this charge.  Any context; one such account at a time. */
bool charge_fails(const struct account *account);

#else

static inline bool charge_fails(__maybe_unused const struct account *account) { return false; }

#endif
#endif
