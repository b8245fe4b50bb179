/*
 * wrong: bootmem_alloc_page() returns NULL when nothing is free, for which no caller looks.
 * test: no_room
 * hint: must say why
 */
void *bootmem_alloc_page(void)
{
	CHECK_OPEN();
	return bootmem_try_alloc(PAGE_SIZE, PAGE_SIZE, 0);
}
