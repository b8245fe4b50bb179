/* Threads moved to another CPU while they are woken, block, or run. */
#include "tasks/tasks.h"

#define EP 1u
#define NOTE 2u
#define MOVED 3u
#define SLOT 4u

static struct task *task;

static void setup(void)
{
	task = make_task(NULL);
	give(task, EP, make_endpoint(task), RIGHTS_ALL);
	give(task, NOTE, make_notification(task), RIGHTS_ALL);
}

static struct user_thread *moved;

static void wait_for_bit(void)
{
	struct answer answer = notify_wait(NOTE, 1, TIMEOUT_NEVER);

	MUST(!answer.error && answer.word[0] == 1, "the wait returns %u", answer.error);
}

static void move_it(void)
{
	MUST(!thread_ctl(MOVED, THREAD_CPU, 0, 1), "the thread cannot be moved");
}

static void raise_bit(void) { notify(NOTE, 1); }

static void make_moved(void (*fn)(void))
{
	moved = spawn(task, 0, fn);
	give(task, MOVED, &moved->object, RIGHTS_ALL);
}

static void has_moved(void)
{
	MUST(moved->thread.cpu == 1, "the thread belongs to CPU %u", moved->thread.cpu);
	check_objects();
}

static void setup_waiting(void)
{
	setup();
	make_moved(wait_for_bit);
}

static void start_wake(void)
{
	spawn(task, 0, raise_bit);
	spawn(task, 1, move_it);
}

static void start_wake_there(void)
{
	spawn(task, 0, move_it);
	spawn(task, 1, raise_bit);
}

SCENARIO(move_wake, .no_pool = true, .about = "a waiting thread is moved while its CPU wakes it",
	.cpus = 2, .setup = setup_waiting, .start = start_wake, .finish = has_moved);
SCENARIO(move_wake_there, .no_pool = true,
	.about = "a waiting thread is moved while its next CPU wakes it", .cpus = 2,
	.setup = setup_waiting, .start = start_wake_there, .finish = has_moved);

/* It runs towards its wait meanwhile. */
static void start_block(void)
{
	make_moved(wait_for_bit);
	spawn(task, 1, move_it);
	spawn(task, 1, raise_bit);
}

SCENARIO(move_block, .no_pool = true,
	.about = "a thread is moved while it goes to sleep, and woken at once", .cpus = 2,
	.setup = setup, .start = start_block, .finish = has_moved);

static void start_block_three(void)
{
	make_moved(wait_for_bit);
	spawn(task, 1, move_it);
	spawn(task, 2, raise_bit);
}

SCENARIO(move_block_three, .no_pool = true, .about = "the same on three CPUs", .cpus = 3,
	.setup = setup, .start = start_block_three, .finish = has_moved);

/* ---- In user mode ---- */

/* The interrupt that moves it may come after thread_ctl has returned, but it comes. */
static void run_until_moved(void)
{
	while (smp_processor_id() != 1)
		cpu_relax();
}

static void start_run(void)
{
	make_moved(run_until_moved);
	spawn(task, 1, move_it);
}

SCENARIO(move_running, .no_pool = true, .about = "a thread in user mode is moved", .cpus = 2,
	.setup = setup, .start = start_run, .finish = has_moved);

/* ---- The partner of a direct switch ---- */

static void call(void)
{
	struct answer answer = ipc_call(EP, 1, TIMEOUT_NEVER);

	MUST(!answer.error && answer.word[0] == 2, "the call returns error %u", answer.error);
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
	moved = spawn_server(task, 0, serve);
	give(task, MOVED, &moved->object, RIGHTS_ALL);
}

static void start_call(void)
{
	spawn(task, 0, call);
	spawn(task, 1, move_it);
}

SCENARIO(move_partner, .no_pool = true,
	.about = "a server is moved while its caller would switch to it directly", .cpus = 2,
	.setup = setup_server, .start = start_call, .finish = has_moved);
