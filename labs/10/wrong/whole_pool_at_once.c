/*
 * wrong: keeps lists, and still takes back every unused slot in one call.
 * test: slowest
 * hint: let each pay for a part
 */
static void close_batch(void)
{
	while (unused) {
		u32 slot = after[pkmap_slots];

		take_from_ring(slot);
		pkmap_unmap(slot, pkmap_pte(slot));
		pkmap_count[slot] = PKMAP_RETIRED;
		push(&closed, slot);
	}
	while (retired.count)
		push(&closed, pop(&retired));
	closed_stamp = tlb_stamp();
}
