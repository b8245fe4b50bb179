/*
 * wrong: takes back what has become unused last, since it is at hand: pages that are wanted all the
 *   time lose their slots, and those that nobody wants any more keep theirs.
 * test: working_set
 * hint: unused for the longest time
 */
static void close_batch(void)
{
	for (u32 n = MIN(unused, BATCH); n > 0; n--) {
		u32 slot = before[pkmap_slots];

		take_from_ring(slot);
		pkmap_unmap(slot, pkmap_pte(slot));
		pkmap_count[slot] = PKMAP_RETIRED;
		push(&closed, slot);
	}
	while (retired.count)
		push(&closed, pop(&retired));
	closed_stamp = tlb_stamp();
}
