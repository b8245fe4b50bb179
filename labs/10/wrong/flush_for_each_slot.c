/*
 * wrong: makes every call cheap by a flush for each slot.
 * test: slowest
 * hint: one flush serves many slots
 */
static void close_batch(void)
{
	u32 slot = retired.count ? pop(&retired) : after[pkmap_slots];

	if (pkmap_count[slot] == 1) {
		take_from_ring(slot);
		pkmap_unmap(slot, pkmap_pte(slot));
		pkmap_count[slot] = PKMAP_RETIRED;
	}
	push(&closed, slot);
	closed_stamp = tlb_stamp();
}
