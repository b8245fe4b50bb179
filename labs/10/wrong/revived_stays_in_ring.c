/*
 * wrong: leaves a slot that is used again in the ring of unused ones, so its turn to be taken back
 *   comes all the same.
 * test: still_right
 * hint: revives it at the same address
 */
static void take_from_ring(u32 slot)
{
	if (pkmap_count[slot] > 1)
		return;
	after[before[slot]] = after[slot];
	before[after[slot]] = before[slot];
	unused--;
}
