/* A task from its creation to its end: see child.h. */
#include "user/lib/child.h"

#include "lib/compiler.h"
#include "user/lib/calls.h"
#include "user/lib/load.h"
#include "user/lib/print.h"

#define ENDED_BIT 0u
#define MAX_PRIO 29u
#define PRIO 8u
#define CPU 0u
#define FAULT_RESUME 0u /* label of the answer to a fault; any other ends the thread */
#define VECTOR_PAGE_FAULT 14u

u32 child_begin(void)
{
	u32 error = obj_create(0, SLOT_ENDPOINT, KIND_ENDPOINT, 0, 0, 0).error;

	if (!error)
		error = obj_create(0, SLOT_ENDED, KIND_NOTIFICATION, 0, 0, 0).error;
	return error ? error : thread_ctl(SLOT_THREAD, SLOT_ENDED, THREAD_BIND, 0, 0).error;
}

/* The handle with the badge is what faults carry, and what the child calls its parent by. */
u32 child_make(u32 limit)
{
	u32 handles = SLOT_CHILD_PARENT | (u32)SLOT_ENDED << HANDLE_BITS, error;

	error = handle_copy(
		0, SLOT_CHILD_PARENT, SLOT_ENDPOINT, RIGHT_SEND | RIGHT_GRANT, CHILD_BADGE)
			.error;
	if (error)
		return error;
	error = obj_create(SLOT_SYSTEM, SLOT_CHILD, KIND_TASK | MAX_PRIO << 8 | ENDED_BIT << 16,
		limit, handles, HANDLES_MAX)
			.error;
	if (error)
		handle_drop(SLOT_CHILD_PARENT, 0);
	return error;
}

/*
 * The child is as trusted as its parent: run= names the only program, and the in-system tests need
 * all that root has.
 */
static u32 give_handles(void)
{
	static const struct {
		u32 slot, source;
	} given[] = {
		{ SLOT_TASK, SLOT_CHILD },
		{ SLOT_THREAD, SLOT_CHILD_THREAD },
		{ SLOT_SYSTEM, SLOT_SYSTEM },
	};
	u32 error =
		handle_copy(SLOT_CHILD, SLOT_PARENT, SLOT_CHILD_PARENT, RIGHT_SEND | RIGHT_GRANT, 0)
			.error;

	for (u32 i = 0; i < ARRAY_SIZE(given) && !error; i++)
		error = handle_copy(SLOT_CHILD, given[i].slot, given[i].source, RIGHTS_ALL, 0)
				.error;
	return error;
}

u32 child_start(u32 entry, u32 stack)
{
	u32 error = thread_create(SLOT_CHILD, SLOT_CHILD_THREAD, entry, stack,
		PROGRAM_MESSAGE | PRIO | CPU << PRIO_BITS, 0)
			    .error;

	if (!error)
		error = give_handles();
	return error ? error : thread_ctl(SLOT_CHILD_THREAD, 0, THREAD_START, 0, 0).error;
}

/* Waits for the end too: the next child's must not be taken for it. */
void child_drop(void)
{
	handle_drop(SLOT_CHILD, DROP_DESTROY);
	handle_drop(SLOT_CHILD_THREAD, 0);
	handle_drop(SLOT_CHILD_PARENT, 0);
	notify_wait(SLOT_ENDED, 1u << ENDED_BIT, TIMEOUT_NEVER);
}

/* ---- Serving ---- */

struct child {
	const char *name;
	const struct elf_program *program;
	u32 status;
	bool ended; /* its task is destroyed; what other threads still say is late */
};

static const char *access_name(u32 label)
{
	if (FAULT_FETCH(label))
		return "execution";
	return FAULT_WRITE(label) ? "write" : "read";
}

static void report_fault(const char *name, const struct result *message)
{
	u32 label = TAG_LABEL(message->tag);

	if (FAULT_VECTOR(label) == VECTOR_PAGE_FAULT)
		printf("%s: page fault, %s at 0x%08x, eip 0x%08x\n", name, access_name(label),
			message->word0, message->word1);
	else
		printf("%s: exception %u, eip 0x%08x\n", name, FAULT_VECTOR(label), message->word1);
}

/*
 * A page that is there, and may be written, but not yet: copy-on-write.  If nobody else has the
 * frame any more, the call copies nothing.
 */
static u32 copy_page(u32 place, u32 prot)
{
	return mem_map(SLOT_CHILD, SLOT_CHILD, place | prot, place | MAP_COPY | MAP_REPLACE, 1)
		.error;
}

/* True if the page is there now.  Another thread's fault may have brought it: EEXIST. */
static bool bring_page(const struct elf_program *program, const struct result *message)
{
	u32 label = TAG_LABEL(message->tag), place = ALIGN_DOWN(message->word0, PAGE);
	u32 prot, error;

	if (FAULT_VECTOR(label) != VECTOR_PAGE_FAULT)
		return false;
	prot = load_zero_page(program, message->word0);
	if (!prot || (FAULT_WRITE(label) && !(prot & PROT_WRITE)) ||
		(FAULT_FETCH(label) && !(prot & PROT_EXEC)))
		return false;
	if (FAULT_PRESENT(label))
		return FAULT_WRITE(label) && !copy_page(place, prot);
	error = mem_alloc(SLOT_CHILD, 0, place | prot, 1, 0).error;
	return !error || error == EEXIST;
}

static struct result receive(void) { return ipc_recv(SLOT_ENDPOINT, SLOT_REPLY, TIMEOUT_NEVER); }

/* Answers the last message and receives the next. */
static struct result answer(u32 label)
{
	struct result message =
		ipc_reply_recv(SLOT_REPLY, SLOT_ENDPOINT, TAG(label, 0u, 0u), 0, 0, TIMEOUT_NEVER);

	if (!message.error)
		return message;
	/* In vain, as when the thread is gone meanwhile; the slot has to be empty for the next. */
	handle_drop(SLOT_REPLY, 0);
	return receive();
}

/* Nobody is answered any more: all threads end with the task. */
static struct result end_child(struct child *child, u32 status)
{
	if (!child->ended)
		child->status = status;
	child->ended = true;
	handle_drop(SLOT_REPLY, 0);
	handle_drop(SLOT_CHILD, DROP_DESTROY);
	return receive();
}

static struct result serve_fault(struct child *child, const struct result *message)
{
	if (bring_page(child->program, message))
		return answer(FAULT_RESUME);
	if (!child->ended)
		report_fault(child->name, message);
	return end_child(child, STATUS_KILLED + FAULT_VECTOR(TAG_LABEL(message->tag)));
}

static struct result serve_call(struct child *child, const struct result *message)
{
	return TAG_LABEL(message->tag) == PARENT_EXIT ? end_child(child, message->word0)
						      : answer(EINVAL);
}

static struct result serve(struct child *child, const struct result *message)
{
	if (message->tag & TAG_FAULT)
		return serve_fault(child, message);
	if (message->tag & TAG_CALL)
		return serve_call(child, message);
	return receive();
}

u32 child_serve(const char *name, const struct elf_program *program)
{
	struct child child = { name, program, STATUS_KILLED, false };
	struct result message = receive();

	while (!message.error && !(message.tag & TAG_NOTE))
		message = serve(&child, &message);
	if (message.error)
		printf("%s: nothing can be received: %s\n", name, error_name(message.error));
	handle_drop(SLOT_CHILD, 0);
	handle_drop(SLOT_CHILD_THREAD, 0);
	handle_drop(SLOT_CHILD_PARENT, 0);
	return child.status;
}
