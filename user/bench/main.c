/* Chooses keys, starts the child: see bench.h. */
#include "lib/assert.h"
#include "lib/compiler.h"
#include "lib/string.h"
#include "user/bench/bench.h"
#include "user/bench/clone.h"
#include "user/lib/calls.h"
#include "user/lib/message.h"
#include "user/lib/print.h"
#include "user/lib/start.h"
#include "user/lib/thread.h"

#define ANSWERER "-answer"
#define CHILD_LIMIT 0x10000000u
#define MEASURING_PRIO 8u

static char **word;

static void measure_all(const struct key *keys, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		struct figure figure;

		if (!key_is_wanted(&keys[i], word + 2))
			continue;
		figure = measure(&keys[i]);
		figure_print(word[1], &keys[i], &figure);
	}
}

/* The thread that measures; the first one serves the child's faults meanwhile. */
static void measuring(void *unused)
{
	(void)unused;
	measure_all(call_keys, call_key_count);
	measure_all(memory_keys, memory_key_count);
	printf("BENCH-END %s\n", word[1]);
	ipc_call(SLOT_MEET, TAG(REQUEST_END, 0u, 0u), 0, 0, TIMEOUT_NEVER);
}

static u32 give(u32 slot, u32 rights)
{
	return handle_copy(SLOT_CHILD, slot, slot, rights, 0).error;
}

static u32 make_meeting_places(void)
{
	u32 error = obj_create(0, SLOT_MEET, KIND_ENDPOINT, 0, 0, 0).error;

	if (!error)
		error = obj_create(0, SLOT_PING, KIND_NOTIFICATION, 0, 0, 0).error;
	if (!error)
		error = obj_create(0, SLOT_PONG, KIND_NOTIFICATION, 0, 0, 0).error;
	return error;
}

static u32 start_child(void)
{
	const char *arguments[] = { "bench", ANSWERER };
	u32 error = child_begin();

	if (!error)
		error = make_meeting_places();
	if (!error)
		error = clone_make(CHILD_LIMIT, ARRAY_SIZE(arguments), arguments);
	if (!error)
		error = give(SLOT_MEET, RIGHTS_ALL);
	if (!error)
		error = give(SLOT_PING, RIGHTS_ALL);
	if (!error)
		error = give(SLOT_PONG, RIGHTS_ALL);
	return error ? error : clone_start();
}

int main(int argc, char **argv)
{
	static const struct elf_program no_file;
	struct thread_plan plan = { 0, SLOT_MADE + 16, MEASURING_PRIO, 0, measuring, NULL };
	u32 error;

	word = argv;
	if (argc == 2 && !strcmp(argv[1], ANSWERER)) {
		answer_requests();
		return 0;
	}
	if (argc < 2) {
		printf("bench: the tag of its lines is missing: run=\"bench TAG [KEYS]\"\n");
		return 2;
	}
	error = start_child();
	if (!error)
		error = thread_run(&plan);
	if (error)
		panic("bench cannot start: %s", error_name(error));
	return (int)child_serve("bench", &no_file);
}
