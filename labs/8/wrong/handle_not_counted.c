/*
 * wrong: empties the slot of a reply handle, and does not say so to its thread.
 * test: let_go
 * hint: taken off when it goes
 */
static void caller_done(struct user_thread *caller, struct handle *handle, u32 result)
{
	thread_unlink(caller);
	caller->call_number++;
	caller->result = result;
	handle->object = NULL;
}
