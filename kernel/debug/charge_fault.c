/* Charges and allocations that fail on purpose: see charge_fault.h. */
#include "mm/hooks/charge_fault.h"

#include "kernel/objects/task.h"
#include "kernel/objects/user_thread.h"
#include "mm/pages/page_alloc.h"
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

static u32 alloc_limit;
static atomic_t allocs;

bool alloc_fails(u32 gfp)
{
	const struct thread *running = current_thread();
	u32 limit, n;

	if (!(gfp & __GFP_WAIT) || !running || !thread_is_user(running))
		return false;
	limit = current_user_thread()->task->account.limit;
	n = limit - ALLOC_FAULT;
	if (n == 0 || n > CHARGE_FAULT_MOST)
		return false;
	if (alloc_limit != limit) {
		alloc_limit = limit;
		atomic_set(&allocs, 0);
	}
	return atomic_fetch_add(&allocs, 1) + 1 == n;
}
