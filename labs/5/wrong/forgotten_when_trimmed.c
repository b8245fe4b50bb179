/*
 * wrong: takes tables off the list and never gives their pages back.
 * test: marks
 * hint: free pages
 */
static void table_to_pages(void *table) { table_move(table, PG_TABLE_CACHED, 0); }
