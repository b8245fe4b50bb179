/*
 * wrong: panics without having asked whether there is room.
 * test: no_room
 * hint: the same memory
 */
void *bootmem_alloc(size_t size, size_t align, phys_t goal)
{
	CHECK_OPEN();
	(void)goal;
	panic("boot allocator: no room for %lu KiB (aligned to %lu); %u KiB of low memory are free, boot modules hold %u KiB",
		(unsigned long)size >> 10, (unsigned long)align, stats.free << (PAGE_SHIFT - 10),
		phys_pages_of(PHYS_MODULE, 0, stats.pages) << (PAGE_SHIFT - 10));
}
