/* Charges and allocations that fail on purpose: see charge_fault.h. */
#include "mm/hooks/charge_fault.h"

#include "kernel/objects/task.h"
#include "kernel/objects/user_thread.h"
#include "mm/pages/page_alloc.h"
#include "mm/user/account.h"

/* The limit under way, and how many there were under it. */
struct counter {
	u32 limit;
	atomic_t n;
};
static struct counter charges, allocs;

/* True of the n-th one under the limit base + n; the first one begins the count anew. */
static bool is_due(struct counter *counter, u32 base, u32 limit, bool first)
{
	u32 n = limit - base;

	if (n == 0 || n > CHARGE_FAULT_MOST)
		return false;
	if (counter->limit != limit || first) {
		counter->limit = limit;
		atomic_set(&counter->n, 0);
	}
	return atomic_fetch_add(&counter->n, 1) + 1 == n;
}

bool charge_fails(const struct account *account)
{
	/* The first charge of a task is for the task itself. */
	return is_due(&charges, CHARGE_FAULT, account->limit, atomic_read(&account->used) == 0);
}

bool alloc_fails(u32 gfp)
{
	const struct thread *running = current_thread();

	return (gfp & __GFP_WAIT) && running && thread_is_user(running) &&
	       is_due(&allocs, ALLOC_FAULT, current_user_thread()->task->account.limit, false);
}
