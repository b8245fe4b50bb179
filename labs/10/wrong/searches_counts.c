/*
 * wrong: takes slots back in batches, but looks for a free one among the counts from the first on.
 * test: nearly_full
 * hint: looks at slots that are in use
 */
static u32 next_free(void)
{
	u32 slot = 0;

	if (!free.count)
		open_batch();
	while (pkmap_count[slot])
		slot++;
	free.count--;
	return slot;
}
