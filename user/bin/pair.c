/* Two threads of one program: the second doubles the numbers that the first sends it. */
#include "user/lib/calls.h"
#include "user/lib/layout.h"
#include "user/lib/print.h"
#include "user/lib/start.h"
#include "user/lib/thread.h"

enum own_slot { SLOT_DESK = SLOT_FREE, SLOT_ANSWER, SLOT_DOUBLER };

static void double_numbers(void *unused)
{
	struct result message = ipc_recv(SLOT_DESK, SLOT_ANSWER, TIMEOUT_NEVER);

	(void)unused;
	while (!message.error)
		message = ipc_reply_recv(SLOT_ANSWER, SLOT_DESK, TAG(0u, 1u, 0u), 2 * message.word0,
			0, TIMEOUT_NEVER);
}

int main(int argc, char **argv)
{
	const struct thread_plan doubler = {
		.area = 0, .slot = SLOT_DOUBLER, .prio = 8, .cpu = 0, .run = double_numbers
	};
	u32 error = obj_create(0, SLOT_DESK, KIND_ENDPOINT, 0, 0, 0).error;

	(void)argc, (void)argv;
	if (!error)
		error = thread_run(&doubler);
	for (u32 i = 1; i <= 3 && !error; i++) {
		struct result answer = ipc_call(SLOT_DESK, TAG(1u, 1u, 0u), i, 0, TIMEOUT_NEVER);

		error = answer.error;
		printf("pair: %u doubled is %u\n", i, answer.word0);
	}
	return (int)error;
}
