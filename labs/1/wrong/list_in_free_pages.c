/*
 * wrong: keeps a list of the free runs in these themselves.
 * test: busy
 * hint: free pages are not written to
 */
static void list_free_runs(void)
{
	pfn_t end;

	for (pfn_t pfn = 0; (pfn = next_with(false, pfn, stats.pages)) < stats.pages; pfn = end) {
		pfn_t *node = pfn_to_virt(pfn);

		end = next_with(true, pfn, stats.pages);
		node[0] = next_with(false, end, stats.pages);
		node[1] = end - pfn;
	}
}

void bootmem_init(void)
{
	static u32 words[7168];

	stats = (struct bootmem_stats){ .pages = max_low_pfn, .reserved = max_low_pfn };
	bitmap = memset(words, 0xFF, sizeof(words));
	last_end = 0;
	is_open = true;
	free_all_ram();
	mark_reserved(mem_map_place.start, mem_map_place.end);
	list_free_runs();
}
