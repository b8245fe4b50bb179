/*
 * wrong: compares 32 of the 64 bits of the call's number.
 * test: once
 * hint: both halves
 */
static inline struct user_thread *reply_caller(const struct handle *handle)
{
	struct user_thread *caller = user_thread_of(handle->object);

	if (caller->state != IN_REPLY || (u32)caller->call_number != handle->badge)
		return NULL;
	return caller;
}
