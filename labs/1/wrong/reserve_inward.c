/*
 * wrong: reserves whole pages only, so a page of which one byte is in use stays free.
 * test: reserve_outward
 * hint: one byte
 */
void bootmem_reserve(phys_t start, u64 size)
{
	pfn_t first = covered(ALIGN_UP(start, PAGE_SIZE)), end = covered(start + size);

	for (pfn_t pfn = first; pfn < end; pfn++)
		INVARIANT(43, !bit_test(bitmap, pfn) || !pfn_is_ram(pfn),
			"page 0x%x is reserved already", pfn);
	mark_reserved(first, end);
}
