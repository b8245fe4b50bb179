/* Trials: see trial.h. */
#include "user/test/fault/trial.h"

#include "user/lib/print.h"
#include "user/test/fellow.h"

#define SLOT_ANSWER 90u
enum label { END = 100, WRONG };

extern const char user_try_back[];

void trial_expect(const char *what, u32 got, u32 wanted)
{
	if (got == wanted)
		return;
	printf("# %s: %d, not %d\n", what, (int)got, (int)wanted);
	ipc_call(SLOT_A, TAG(WRONG, 0u, 0u), 0, 0, TIMEOUT_NEVER);
}

static void run_and_tell(void *run)
{
	((void (*)(void *))run)(NULL);
	ipc_call(SLOT_A, TAG(END, 0u, 0u), 0, 0, TIMEOUT_NEVER);
}

/* The thread goes on behind the code that it tried. */
static void send_back(u32 vector)
{
	struct registers *registers = (struct registers *)message_own();

	EXPECT(0, thread_ctl(SLOT_FELLOW_THREAD, 0, THREAD_GETREGS, 0, 0));
	registers->eip = (u32)(uintptr_t)user_try_back;
	registers->eax = vector;
	registers->eflags = 0;
	EXPECT(0, thread_ctl(SLOT_FELLOW_THREAD, 0, THREAD_SETREGS, 0, 0));
}

void trial_run(void (*run)(void *argument))
{
	struct fellow fellow = { .slot = SLOT_FELLOW,
		.area = 61,
		.pager = SLOT_A,
		.run = run_and_tell,
		.argument = (void *)(uintptr_t)run };
	struct result message;
	u32 wrong = 0;

	make_endpoint(SLOT_A);
	fellow_start(&fellow);
	message = EXPECT(0, ipc_recv(SLOT_A, SLOT_ANSWER, SOON));
	while (TAG_LABEL(message.tag) != END || (message.tag & TAG_FAULT)) {
		if (message.tag & TAG_FAULT)
			send_back(FAULT_VECTOR(TAG_LABEL(message.tag)));
		else
			wrong++;
		message = EXPECT(0, ipc_reply_recv(SLOT_ANSWER, SLOT_A, 0, 0, 0, SOON));
	}
	CHECK_EQUAL(wrong, 0);
}
