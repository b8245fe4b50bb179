/*
 * wrong: finds the caller by its state alone, so an old handle answers a new call.
 * test: once
 * hint: compares state and number
 */
static inline struct user_thread *reply_caller(const struct handle *handle)
{
	struct user_thread *caller = user_thread_of(handle->object);

	return caller->state == IN_REPLY ? caller : NULL;
}
