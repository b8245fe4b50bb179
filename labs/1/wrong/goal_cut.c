/*
 * wrong: keeps the goal in 32 bits, so one above 4 GiB becomes one in low memory.
 * test: goal_given_up
 * hint: 64 bits
 */
void *bootmem_try_alloc(size_t size, size_t align, phys_t goal)
{
	CHECK_OPEN();
	u32 lowest = (u32)goal;
	phys_t start = find_place(size, align, lowest);

	if (start == NO_PLACE)
		start = find_place(size, align, 0);
	return start == NO_PLACE ? NULL : take(start, size);
}
