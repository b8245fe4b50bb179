/*
 * wrong: takes a slot at 2 for one without users, and takes it back at the wrap.
 * test: wrap
 * hint: in use
 */
static u32 unused_slot_from(u32 slot)
{
	while (pkmap_count[slot] > 2)
		slot++;
	return slot;
}
