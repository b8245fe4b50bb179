/* Threads controlled by others: stopped, looked at, bound, killed meanwhile. */
#include "tasks/tasks.h"

#define NOTE 1u
#define THREAD 2u
#define COPY 3u
#define EP 4u

static struct task *task;

static void setup(void)
{
	task = make_task(NULL);
	give(task, NOTE, make_notification(task), RIGHTS_ALL);
	give(task, EP, make_endpoint(task), RIGHTS_ALL);
}

static void two_handles(struct user_thread *thread)
{
	give(task, THREAD, &thread->object, RIGHTS_ALL);
	give(task, COPY, &thread->object, RIGHTS_ALL);
}

static void kill_it(void) { handle_drop(COPY, DROP_DESTROY); }

/* ---- Stopped ---- */

#define STOPPED result[0]
#define OVER result[1]

static void run(void)
{
	while (!OVER) {
		MUST(!STOPPED, "a stopped thread is in user mode");
		cpu_relax();
	}
}

static void stop_and_start(void)
{
	thread_ctl(THREAD, THREAD_STOP, 0, 0);
	STOPPED = 1;
	STOPPED = 0;
	OVER = 1;
	thread_ctl(THREAD, THREAD_START, 0, 0);
}

static void start_stop(void)
{
	two_handles(spawn(task, 0, run));
	spawn(task, 1, stop_and_start);
}

SCENARIO(stop_running, .no_pool = true, .about = "a thread in user mode is stopped and started",
	.cpus = 2, .setup = setup, .start = start_stop, .finish = check_objects);

/* Its registers are there as soon as STOP has returned, wherever it was on its way to user mode. */
static void stop_and_look(void)
{
	u32 error;

	thread_ctl(THREAD, THREAD_STOP, 0, 0);
	error = thread_ctl(THREAD, THREAD_GETREGS, 0, 0);
	MUST(!error, "GETREGS of a stopped thread returns %u", error);
	OVER = 1;
	thread_ctl(THREAD, THREAD_START, 0, 0);
}

static void start_look_stopped(void)
{
	two_handles(spawn(task, 0, run));
	spawn(task, 1, stop_and_look);
}

SCENARIO(stop_look, .no_pool = true,
	.about = "a thread in user mode is stopped, and its registers are read", .cpus = 2,
	.setup = setup, .start = start_look_stopped, .finish = check_objects);

static void receive(void) { ipc_recv(EP, 0, TIMEOUT_NEVER); }

static void receive_with_slot(void) { ipc_recv(EP, 6, TIMEOUT_NEVER); }

static void send(void)
{
	u32 error = ipc_send(EP, 0, TIMEOUT_NEVER).error;

	MUST(!error, "the send returns %u", error);
}

static void stop_start_at_once(void)
{
	thread_ctl(THREAD, THREAD_STOP, 0, 0);
	thread_ctl(THREAD, THREAD_START, 0, 0);
}

static void setup_receiver(void)
{
	setup();
	two_handles(spawn(task, 0, receive));
}

static void start_stop_waiting(void)
{
	spawn(task, 0, send);
	spawn(task, 1, stop_start_at_once);
}

SCENARIO(stop_waiting, .no_pool = true,
	.about = "a receiver is stopped and started while a message comes", .cpus = 2,
	.setup = setup_receiver, .start = start_stop_waiting, .finish = check_objects);

static void start_stop_kill(void)
{
	two_handles(spawn(task, 0, run));
	spawn(task, 1, stop_start_at_once);
	spawn(task, 1, kill_it);
}

SCENARIO(stop_killed, .no_pool = true, .about = "a thread is stopped, started and killed",
	.cpus = 2, .setup = setup, .start = start_stop_kill, .finish = check_objects);

/* ---- Looked at and bound while it ends ---- */

static void nothing(void) {}

static void look(void)
{
	u32 error = thread_ctl(THREAD, THREAD_GETREGS, 0, 0);

	MUST(!error || error == EDEAD || error == EBUSY, "GETREGS returns %u", error);
}

static void start_look(void)
{
	two_handles(make_thread(task, 1, nothing));
	spawn(task, 0, look);
	spawn(task, 1, kill_it);
}

SCENARIO(registers_killed, .no_pool = true,
	.about = "the registers of a new thread are read while it is killed", .cpus = 2,
	.setup = setup, .start = start_look, .finish = check_objects);

/* All handles to the thread go, so that nothing is left of it when it has ended. */
static void bind_and_raise(void)
{
	u32 error = thread_ctl(THREAD, THREAD_BIND, NOTE, 0);

	MUST(!error || error == EDEAD, "BIND returns %u", error);
	handle_drop(THREAD, 0);
	notify(NOTE, 1);
}

static void start_bind(void)
{
	struct user_thread *thread = make_thread(task, 1, nothing);

	two_handles(thread);
	object_release(&thread->object); /* the maker's hold */
	forget(thread);
	spawn(task, 0, bind_and_raise);
	spawn(task, 1, kill_it);
}

SCENARIO(bind_killed, .no_pool = true, .about = "a thread is bound while it is killed", .cpus = 2,
	.setup = setup, .start = start_bind, .finish = check_objects);

/* ---- Killed while its time runs out, or while it is moved ---- */

static void receive_in_time(void) { ipc_recv(EP, 0, 1); }

static void start_kill_in_time(void)
{
	two_handles(spawn(task, 0, receive_in_time));
	spawn(task, 1, kill_it);
}

SCENARIO(kill_timeout, .no_pool = true, .about = "a receiver is killed as its time is over",
	.cpus = 2, .setup = setup, .start = start_kill_in_time, .ticks = 2,
	.finish = check_objects);

static void move_it(void)
{
	u32 error = thread_ctl(THREAD, THREAD_CPU, 0, 1);

	MUST(!error || error == EDEAD, "the move returns %u", error);
}

static void start_kill_move(void)
{
	two_handles(spawn(task, 0, receive));
	spawn(task, 0, move_it);
	spawn(task, 1, kill_it);
}

SCENARIO(kill_move, .no_pool = true, .about = "a thread is moved while it is killed", .cpus = 2,
	.setup = setup, .start = start_kill_move, .finish = check_objects);

static void run_on(void)
{
	while (!OVER)
		cpu_relax();
}

static void start_kill_move_running(void)
{
	two_handles(spawn(task, 0, run_on));
	spawn(task, 1, move_it);
	spawn(task, 1, kill_it);
}

SCENARIO(kill_move_running, .no_pool = true, .about = "the same while it is in user mode",
	.cpus = 2, .setup = setup, .start = start_kill_move_running, .finish = check_objects);

static void start_kill_move_three(void)
{
	two_handles(spawn(task, 0, run_on));
	spawn(task, 1, move_it);
	spawn(task, 2, kill_it);
}

SCENARIO(kill_move_three, .no_pool = true, .about = "the same on three CPUs", .cpus = 3,
	.setup = setup, .start = start_kill_move_three, .finish = check_objects);

/* ---- Started from a thread that is killed (fork) ---- */

#define FROM 5u

static void call_for_ever(void) { ipc_call(EP, 0, TIMEOUT_NEVER); }

static void start_from(void)
{
	u32 error = thread_ctl(THREAD, THREAD_START, FROM, 0);

	MUST(!error || error == EBUSY || error == EDEAD || error == EBADH, "START returns %u",
		error);
}

static void kill_from(void) { handle_drop(FROM, DROP_DESTROY); }

static void setup_fork(void)
{
	setup();
	give(task, FROM, &spawn(task, 0, call_for_ever)->object, RIGHTS_ALL);
}

static void start_fork(void)
{
	give(task, THREAD, &make_thread(task, 0, nothing)->object, RIGHTS_ALL);
	spawn(task, 0, start_from);
	spawn(task, 1, kill_from);
}

SCENARIO(fork_killed, .no_pool = true,
	.about = "a thread is started as the copy of one that is killed", .cpus = 2,
	.setup = setup_fork, .start = start_fork, .finish = check_objects);

/* ---- Killed on the short way to a server of its CPU, which does not answer ---- */

static void setup_deaf(void)
{
	setup();
	spawn_server(task, 0, receive_with_slot);
}

static void start_kill_here(void)
{
	two_handles(spawn(task, 0, call_for_ever));
	spawn(task, 1, kill_it);
}

SCENARIO(caller_killed_here, .no_pool = true,
	.about = "a caller is killed as it switches to a server of its CPU", .cpus = 2,
	.setup = setup_deaf, .start = start_kill_here, .finish = check_objects);
