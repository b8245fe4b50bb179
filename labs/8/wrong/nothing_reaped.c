/*
 * wrong: a handle that leads to nobody is cleared, and what it was the last of stays.
 * test: once
 * hint: objects_reap
 */
static u32 failed(struct trapframe *frame, u32 error)
{
	frame->esi = TAG_REPLY;
	objects_unlock_call();
	return error;
}
