/*
 * wrong: frees all RAM, also where the kernel, the boot modules and the firmware's data lie.
 * test: busy
 * hint: must stay
 */
static void free_all_ram(void)
{
	struct phys_piece piece;

	for (pfn_t pfn = 0; pfn < stats.pages; pfn = piece.end) {
		piece = phys_piece_at(pfn, stats.pages);
		if (phys_kind_is_ram(piece.kind))
			mark_free(piece.start, piece.end);
	}
}
