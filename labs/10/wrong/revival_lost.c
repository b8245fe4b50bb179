/*
 * wrong: clears the entry with the last kunmap, so that there is less to do later: a page that is
 *   wanted again pays for a new slot.
 * test: still_right
 * hint: same address
 */
static void append_to_ring(u32 slot)
{
	pkmap_unmap(slot, pkmap_pte(slot));
	pkmap_count[slot] = PKMAP_RETIRED;
	push(&retired, slot);
}
