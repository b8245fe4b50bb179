/* One loop over root's endpoint: see supervise.h. */
#include "user/root/supervise.h"

#include "lib/compiler.h"
#include "user/lib/calls.h"
#include "user/lib/load.h"
#include "user/lib/print.h"
#include "user/root/launch.h"
#include "user/root/start_page.h"

#define FAULT_RESUME 0u /* label of the answer to a fault; any other ends the thread */
#define VECTOR_PAGE_FAULT 14u

struct program_state {
	const char *name;
	const struct elf_program *program;
	u32 status;
	bool ended; /* root has destroyed its task; what other threads still say is late */
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
		printf("root: %s: page fault, %s at 0x%08x, eip 0x%08x\n", name, access_name(label),
			message->word0, message->word1);
	else
		printf("root: %s: exception %u, eip 0x%08x\n", name, FAULT_VECTOR(label),
			message->word1);
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
static struct result end_program(struct program_state *state, u32 status)
{
	if (!state->ended)
		state->status = status;
	state->ended = true;
	handle_drop(SLOT_REPLY, 0);
	handle_drop(SLOT_CHILD, DROP_DESTROY);
	return receive();
}

static struct result serve_fault(struct program_state *state, const struct result *message)
{
	if (bring_page(state->program, message))
		return answer(FAULT_RESUME);
	report_fault(state->name, message);
	return end_program(state, STATUS_KILLED + FAULT_VECTOR(TAG_LABEL(message->tag)));
}

static struct result serve_call(struct program_state *state, const struct result *message)
{
	return TAG_LABEL(message->tag) == PARENT_EXIT ? end_program(state, message->word0)
						      : answer(EINVAL);
}

static struct result serve(struct program_state *state, const struct result *message)
{
	if (message->tag & TAG_FAULT)
		return serve_fault(state, message);
	if (message->tag & TAG_CALL)
		return serve_call(state, message);
	return receive();
}

u32 supervise(const char *name, const struct elf_program *program)
{
	struct program_state state = { name, program, STATUS_KILLED, false };
	struct result message = receive();

	while (!message.error && !(message.tag & TAG_NOTE))
		message = serve(&state, &message);
	if (message.error)
		printf("root: nothing can be received: %s\n", error_name(message.error));
	return state.status;
}
