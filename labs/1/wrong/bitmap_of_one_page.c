/*
 * wrong: takes one page for the bitmap, whose bits 128 MiB of low memory use up.
 * test: busy
 * hint: every page up to max_low_pfn
 */
void bootmem_init(void)
{
	u32 npages = 1;
	pfn_t place = find_bitmap_place(npages);

	stats = (struct bootmem_stats){
		.pages = max_low_pfn, .reserved = max_low_pfn, .bitmap_pages = npages
	};
	bitmap = pfn_to_virt(place);
	memset(bitmap, 0xFF, PAGE_SIZE);
	last_end = 0;
	is_open = true;
	free_all_ram();
	mark_reserved(place, place + npages);
	mark_reserved(mem_map_place.start, mem_map_place.end);
}
