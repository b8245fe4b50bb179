/*
 * wrong: takes the slot that has been unused the longest, clears its entry and hands it out:
 *   "nobody has used it for so long that no TLB can know it".
 * test: nearly_full
 * hint: clear the entry, take a stamp, flush past it
 */
static u32 next_free(void)
{
	u32 slot;

	if (free.count)
		return pop(&free);
	slot = after[pkmap_slots];
	take_from_ring(slot);
	pkmap_unmap(slot, pkmap_pte(slot));
	pkmap_count[slot] = 0;
	return slot;
}
