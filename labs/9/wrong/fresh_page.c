/*
 * wrong: a write to a shared page is answered with a new page; its content is forgotten.
 * test: one_copy
 * hint: from the page to itself
 */
static u32 copy(u32 number, const struct region *region, u32 page)
{
	u32 task = client_task(number);

	mem_unmap(task, page, 1);
	return mem_alloc(task, 0, page | region->prot, 1, 0).error;
}
