/*
 * wrong: serves page faults, and takes every other exception for no error.
 * test: deaths
 * hint: FAULT_VECTOR
 */
void memory_fault(u32 number, const struct request *request, struct answer *answer)
{
	u32 error = 0;

	if (client_at(number)->ended) {
		answer->error = END_THREAD;
		return;
	}
	if (FAULT_VECTOR(request->label) == VECTOR_PAGE_FAULT)
		error = serve_page_fault(number, request->label, request->word[0]);
	if (!error || (error == ENOMEM && is_relieved(number)))
		return;
	death_record(number, request, error);
	memory_end(number);
	answer->error = END_THREAD;
}
