/*
 * wrong: serves, and reports again, the late fault of a client that has ended.
 * test: deaths
 * hint: what it has died of
 */
void memory_fault(u32 number, const struct request *request, struct answer *answer)
{
	u32 error = EFAULT;

	if (FAULT_VECTOR(request->label) == VECTOR_PAGE_FAULT)
		error = serve_page_fault(number, request->label, request->word[0]);
	if (!error || (error == ENOMEM && is_relieved(number)))
		return;
	death_record(number, request, error);
	memory_end(number);
	answer->error = END_THREAD;
}
