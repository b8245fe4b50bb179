/*
 * wrong: frees a page that was no table as if it had been one in use.
 * test: zeroed_page
 * hint: zero page
 */
void zeroed_page_free(void *page) { pte_free(page); }
