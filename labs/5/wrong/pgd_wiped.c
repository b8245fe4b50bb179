/*
 * wrong: clears the whole PGD before it keeps it, and with the user part the kernel's entries.
 * test: pgd_kernel_part
 * hint: kernel's part
 */
void pgd_free(pgd_t *pgd)
{
	uintptr_t *word = (uintptr_t *)pgd;

	table_move(pgd, PG_TABLE_LIVE, PG_TABLE_CACHED);
	for (u32 i = 0; i < PAGE_SIZE / sizeof(*word); i++)
		word[i] = 0;
	push(this_cpu(pgd_quicklist), pgd, pgd_link(pgd));
}
