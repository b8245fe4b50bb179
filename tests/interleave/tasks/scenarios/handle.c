/* Handles dropped, objects ended, while another CPU uses them. */
#include "tasks/tasks.h"

#define EP 1u
#define NOTE 2u
#define COPY 3u

static struct task *task;
static u32 objects_at_start, charged_with_threads;

static void setup(void)
{
	task = make_task(NULL);
	objects_at_start = objects_used();
}

static void with_endpoint(void)
{
	struct object *endpoint;

	setup();
	endpoint = make_endpoint(task);
	give(task, EP, endpoint, RIGHTS_ALL);
	give(task, COPY, endpoint, RIGHTS_ALL);
}

static void with_notification(void)
{
	setup();
	give(task, NOTE, make_notification(task), RIGHTS_ALL);
}

/* Beside the threads, which are still there. */
static void all_freed(u32 threads)
{
	u32 of_thread = (sizeof(struct user_thread) + 31) / 32;

	check_objects();
	MUST(objects_used() == objects_at_start + threads * of_thread,
		"%u units of objects are in use, %u were, and %u threads have %u each",
		objects_used(), objects_at_start, threads, of_thread);
}

/* ---- The last handle goes while a call uses the object ---- */

static void bind_it(void)
{
	u32 error = thread_ctl(0, THREAD_BIND, NOTE, 0);

	MUST(!error || error == EBADH || error == EDEAD, "bind returns %u", error);
}

static void drop_it(void) { handle_drop(NOTE, 0); }

static void start_bind(void)
{
	spawn(task, 0, bind_it);
	spawn(task, 1, drop_it);
}

/* In either order: what has ended unbinds itself, and is not bound any more. */
static void notification_is_freed(void) { all_freed(2); }

SCENARIO(drop_bind, .no_pool = true, .about = "a notification's last handle goes while it is bound",
	.cpus = 2, .setup = with_notification, .start = start_bind,
	.finish = notification_is_freed);

/* ---- An endpoint ends ---- */

static void send_to_it(void)
{
	u32 error = ipc_send(COPY, 1, TIMEOUT_NEVER).error;

	MUST(error == EDEAD || error == EBADH, "the send returns %u", error);
}

/* Once the object is dead DESTROY is EDEAD, and the handle stays. */
static void destroy(u32 slot)
{
	if (handle_drop(slot, DROP_DESTROY))
		MUST(!handle_drop(slot, 0), "the handle cannot be dropped");
}

static void destroy_it(void) { destroy(EP); }
static void destroy_copy(void) { destroy(COPY); }

static void start_send(void)
{
	spawn(task, 0, send_to_it);
	spawn(task, 1, destroy_it);
}

SCENARIO(destroy_send, .no_pool = true, .about = "an endpoint is destroyed against a send to it",
	.cpus = 2, .setup = with_endpoint, .start = start_send, .finish = check_objects);

static void start_twice(void)
{
	spawn(task, 0, destroy_it);
	spawn(task, 1, destroy_copy);
	charged_with_threads = charged(task);
}

static void gone_once(void)
{
	all_freed(2);
	MUST(charged(task) == charged_with_threads - sizeof(struct endpoint),
		"the endpoint's charge is %u bytes: %u were charged, %u are",
		(u32)sizeof(struct endpoint), charged_with_threads, charged(task));
}

SCENARIO(destroy_twice, .no_pool = true, .about = "two CPUs destroy one endpoint", .cpus = 2,
	.setup = with_endpoint, .start = start_twice, .finish = gone_once);

/* ---- Its last receiver goes ---- */

static struct object *endpoint;

static void with_senders(void)
{
	setup();
	endpoint = make_endpoint(task);
	give(task, EP, endpoint, RIGHT_RECEIVE);
	give(task, COPY, endpoint, RIGHT_SEND);
}

static void drop_receive(void) { handle_drop(EP, 0); }

static void start_drop_receive(void)
{
	spawn(task, 0, send_to_it);
	spawn(task, 1, drop_receive);
}

SCENARIO(drop_receive, .no_pool = true,
	.about = "the last receive handle goes against a sender that queues", .cpus = 2,
	.setup = with_senders, .start = start_drop_receive, .finish = check_objects);
