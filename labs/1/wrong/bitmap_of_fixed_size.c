/*
 * wrong: has an array for the memory of the machine at hand, and nothing behind its end.
 * test: busy
 * hint: every page up to max_low_pfn
 */
void bootmem_init(void)
{
	static u32 words[1024];

	stats = (struct bootmem_stats){ .pages = max_low_pfn, .reserved = max_low_pfn };
	bitmap = memset(words, 0xFF, sizeof(words));
	last_end = 0;
	is_open = true;
	free_all_ram();
	mark_reserved(mem_map_place.start, mem_map_place.end);
}
