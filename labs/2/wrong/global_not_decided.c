/*
 * wrong: never decides which bits this CPU has, so no entry is Global.
 * test: bits
 * hint: who decides it, and when
 */
void paging_init(void) { pagetable_init(); }
