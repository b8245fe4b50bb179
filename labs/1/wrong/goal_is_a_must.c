/*
 * wrong: takes the goal for a condition, and gives up when nothing above it fits.
 * test: goal_given_up
 * hint: lowest of all
 */
void *bootmem_try_alloc(size_t size, size_t align, phys_t goal)
{
	phys_t start = find_place(size, align, goal);

	return start == NO_PLACE ? NULL : take(start, size);
}
