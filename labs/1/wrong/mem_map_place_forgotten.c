/*
 * wrong: does not reserve the place where mem_map will lie.
 * test: busy
 * hint: mem_map
 */
void bootmem_init(void)
{
	u32 words = (max_low_pfn + 31) / 32;
	u32 npages = ALIGN_UP(words * 4, PAGE_SIZE) / PAGE_SIZE;
	pfn_t place = find_bitmap_place(npages);

	stats = (struct bootmem_stats){
		.pages = max_low_pfn, .reserved = max_low_pfn, .bitmap_pages = npages
	};
	bitmap = pfn_to_virt(place);
	memset(bitmap, 0xFF, npages * PAGE_SIZE);
	last_end = 0;
	is_open = true;
	free_all_ram();
	mark_reserved(place, place + npages);
}
