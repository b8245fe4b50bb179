/* Every slot is in the list that its count says: see lazy_check.h. */
#include "tests/checkers/lazy_check.h"

#include "mm/pkmap/highmem.h"
#include "mm/pkmap/lazy.h"

/* Walks a list of slots that have one count; more than `most` of them are a circle. */
static bool list_is(u32 slot, int count, u32 most, u32 *n)
{
	for (; slot != LAZY_END && *n <= most; slot = lazy_pool.after[slot], ++*n)
		if (slot >= pkmap_slots || pkmap_count[slot] != count)
			return false;
	return true;
}

static const char *retired_check(void)
{
	const struct lazy_pool *p = &lazy_pool;
	u32 n = 0;

	if (!list_is(p->first_pending, PKMAP_RETIRED, p->retired, &n))
		return "a slot of a freed page is not retired";
	for (u32 i = 0; i < p->batches; i++)
		if (!list_is(p->batch[(p->oldest + i) % p->batches_max].first, PKMAP_RETIRED,
			    p->retired, &n))
			return "a slot in a batch is not retired";
	return n == p->retired ? NULL : "the number of retired slots is not what was counted";
}

const char *lazy_check(void)
{
	const struct lazy_pool *p = &lazy_pool;
	u32 slot = p->after[pkmap_slots], n = 0;

	for (; slot != pkmap_slots && n <= p->waiting; slot = p->after[slot], n++)
		if (pkmap_count[slot] != 1 || p->after[p->before[slot]] != slot)
			return "a waiting slot is not at 1, or the ring is broken";
	if (p->after[p->before[pkmap_slots]] != pkmap_slots)
		return "the ring's end does not lead back to its head";
	if (n != p->waiting)
		return "the number of waiting slots is not what was counted";
	n = 0;
	if (p->free && (!list_is(p->first_free, 0, p->free, &n) || n != p->free))
		return "a free slot is not at 0, or their number is not what was counted";
	if (p->waiting + p->retired + p->free + pkmap_in_use != pkmap_slots)
		return "slots in use, waiting, retired and free do not make up the pool";
	return retired_check();
}
