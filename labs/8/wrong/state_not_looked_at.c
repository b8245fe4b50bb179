/*
 * wrong: answers whoever the handle names, though it waits no more.
 * test: deaths
 * hint: in REPLY with a reply handle
 */
static inline struct user_thread *reply_caller(const struct handle *handle)
{
	return user_thread_of(handle->object);
}
