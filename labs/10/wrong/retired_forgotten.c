/*
 * wrong: knows free and unused slots, and forgets those whose page was freed: they never come back.
 * test: still_right
 * hint: retired slots free too
 */
static void keep_for_batch(u32 slot) { take_from_ring(slot); }
