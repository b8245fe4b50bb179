/*
 * wrong: revives a slot at 1 without counting it as in use again.
 * test: counts
 * hint: pkmap_in_use
 */
static void use_slot(u32 slot)
{
	int count = pkmap_count[slot]++;

	if (count == 1)
		kmap_stats.revivals++;
}
