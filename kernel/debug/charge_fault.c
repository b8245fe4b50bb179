/* Charges that fail on purpose: see charge_fault.h. */
#include "mm/hooks/charge_fault.h"

#include "mm/user/account.h"

/* The account's limit under way, and its charges so far. */
static u32 counted_limit;
static atomic_t charges;

bool charge_fails(const struct account *account)
{
	u32 limit = account->limit, n = limit - CHARGE_FAULT;

	if (n == 0 || n > CHARGE_FAULT_MOST)
		return false;
	/* The first charge of a task is for the task itself. */
	if (counted_limit != limit || atomic_read(&account->used) == 0) {
		counted_limit = limit;
		atomic_set(&charges, 0);
	}
	return atomic_fetch_add(&charges, 1) + 1 == n;
}
