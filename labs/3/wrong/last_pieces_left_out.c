/*
 * wrong: takes high memory for a few pieces at most.
 * test: highmem
 * hint: all RAM in which nothing lies
 */
void zones_add_highmem(void)
{
	struct phys_piece piece = { .end = highstart_pfn };

	for (u32 i = 0; i < 5 && piece.end < max_pfn; i++) {
		piece = phys_piece_at(piece.end, max_pfn);
		if (piece.kind == PHYS_RAM)
			zone_add_pages(piece.start, piece.end);
	}
}
