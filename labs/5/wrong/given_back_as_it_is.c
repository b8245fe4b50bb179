/*
 * wrong: gives a page back that still is said to be a cached table.
 * test: drain
 * hint: PG_TABLE_CACHED
 */
static void table_to_pages(void *table) { free_page_at(table); }
