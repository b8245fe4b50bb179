/* Tasks that end while others send to them, call them, or work on them. */
#include "tasks/tasks.h"

#define EP 1u
#define SLOT 2u
#define VICTIM 3u

static struct task *task, *victim;

/* The victim's endpoint; both have handles. */
static void setup(void)
{
	struct object *endpoint;

	task = make_task(NULL);
	victim = make_mortal_task(NULL);
	endpoint = make_endpoint(victim);
	give(victim, EP, endpoint, RIGHTS_ALL);
	give(task, EP, endpoint, RIGHT_SEND);
	give(task, VICTIM, &victim->object, RIGHTS_ALL);
	object_release(&victim->object); /* the maker's hold */
}

static void is_gone(void)
{
	check_objects();
	MUST(list_empty(&victim->in_all) && !victim->mm, "the task is not gone");
}

static void destroy_it(void) { handle_drop(VICTIM, DROP_DESTROY); }

/* ---- Calls to it ---- */

static void call(void)
{
	struct answer answer = ipc_call(EP, 1, TIMEOUT_NEVER);

	MUST(answer.error == EDEAD || (!answer.error && answer.word[0] == 2),
		"the call returns error %u, word %u", answer.error, answer.word[0]);
}

static void serve(void)
{
	ipc_recv(EP, SLOT, TIMEOUT_NEVER);
	for (;;)
		ipc_reply_recv(SLOT, EP, 2, TIMEOUT_NEVER);
}

static void setup_server(void)
{
	setup();
	spawn(victim, 1, serve);
}

static void start_call(void)
{
	spawn(task, 0, call);
	spawn(task, 1, destroy_it);
}

SCENARIO(teardown_call, .no_pool = true, .about = "a task is destroyed against a call to it",
	.cpus = 2, .setup = setup_server, .start = start_call, .finish = is_gone);

/* ---- A thread of it that runs ---- */

static void run_for_ever(void) { wait_for(&result[7], 1); }

static void start_running(void)
{
	spawn(victim, 0, run_for_ever);
	spawn(task, 1, destroy_it);
}

SCENARIO(teardown_running, .no_pool = true,
	.about = "a task is destroyed while a thread of it runs in user mode", .cpus = 2,
	.setup = setup, .start = start_running, .finish = is_gone);

/* ---- Twice ---- */

#define COPY 4u

static void destroy_copy(void) { handle_drop(COPY, DROP_DESTROY); }

static void setup_twice(void)
{
	setup_server();
	give(task, COPY, &victim->object, RIGHTS_ALL);
}

static void start_twice(void)
{
	spawn(task, 0, destroy_it);
	spawn(task, 1, destroy_copy);
}

SCENARIO(teardown_twice, .no_pool = true, .about = "two CPUs destroy one task", .cpus = 2,
	.setup = setup_twice, .start = start_twice, .finish = is_gone);

/* ---- The pager of a thread that faults ---- */

static struct task *client;

static void touch_it(void) { touch(4 * PAGE_SIZE); }

static void setup_pager(void)
{
	setup();
	client = make_task(handle_at(&victim->handles, EP)->object);
	spawn(victim, 1, serve);
}

static void start_fault(void)
{
	spawn(client, 0, touch_it);
	spawn(task, 1, destroy_it);
}

/* The pager's answers have label 0, and map nothing: the thread faults until the pager is dead. */
SCENARIO(teardown_pager, .no_pool = true, .about = "a pager is destroyed while it serves a fault",
	.cpus = 2, .setup = setup_pager, .start = start_fault, .finish = is_gone);

/* ---- A thread made in it ---- */

#define NEW 5u

static void make_one(void)
{
	u32 error = thread_new(VICTIM, NEW, 5 * PAGE_SIZE);

	MUST(!error || error == EDEAD || error == EBADH, "thread_create returns %u", error);
}

static void start_create(void)
{
	spawn(task, 1, make_one);
	spawn(task, 0, destroy_it);
}

SCENARIO(teardown_create, .no_pool = true,
	.about = "a task is destroyed while another makes a thread in it", .cpus = 2,
	.setup = setup_server, .start = start_create, .finish = is_gone);

/* ---- Work on its memory ---- */

static void map_into_it(void)
{
	u32 error = page_new(VICTIM, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE);

	MUST(!error || error == EDEAD || error == EBADH, "mem_alloc returns %u", error);
}

/* It ends on CPU 0, and so does the reaper's work. */
static void setup_server_here(void)
{
	setup();
	spawn(victim, 0, serve);
}

static void start_alloc(void)
{
	spawn(task, 1, map_into_it);
	spawn(task, 0, destroy_it);
}

SCENARIO(teardown_alloc, .no_pool = true,
	.about = "a task is destroyed while another maps a page into it", .cpus = 2,
	.setup = setup_server_here, .start = start_alloc, .finish = is_gone);
