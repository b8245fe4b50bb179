/*
 * Accounts: how many bytes of the kernel's memory a task has, and how many it may have.  Pages,
 * page tables, records of mappings, handle tables, threads and objects are charged to one.
 *
 * A limit is no reservation: a charge within the limit can still find the machine without memory.
 * No lock: charges from several CPUs meet in one locked addition.
 */
#ifndef MM_ACCOUNT_H
#define MM_ACCOUNT_H

#include "arch/x86/cpu/atomic.h"
#include "lib/types.h"
#include "mm/hooks/charge_fault.h"

struct account {
	atomic_t used; /* bytes */
	u32 limit;     /* at most ACCOUNT_MAX */
};

/* So that charges that are taken back at once never wrap. */
#define ACCOUNT_MAX 0xC0000000u

/* False: the limit would be passed; nothing is charged then.  Any context. */
static inline bool account_charge(struct account *account, u32 bytes)
{
	if (charge_fails(account))
		return false;
	if (atomic_fetch_add(&account->used, bytes) + bytes <= account->limit)
		return true;
	atomic_sub(&account->used, bytes);
	return false;
}

/* Whatever the limit: for what the task did not ask for (frames.h). */
static inline void account_force(struct account *account, u32 bytes)
{
	atomic_add(&account->used, bytes);
}

static inline void account_return(struct account *account, u32 bytes)
{
	atomic_sub(&account->used, bytes);
}

#endif
