/* Threads of the kernel: one ends while another waits for its end, and frees it. */
#include "tasks/tasks.h"

#include "kernel/sched/thread.h"

static struct thread *joined;
static u32 objects_before;

static void setup(void) { objects_before = objects_used(); }

static void end_at_once(void *unused) { (void)unused; }

static void join(void *unused)
{
	(void)unused;
	thread_join(joined);
	result[0] = objects_used();
	has_ended();
}

static struct thread *start_on(const char *name, void (*fn)(void *), u32 cpu)
{
	struct thread *thread = thread_create(name, fn, NULL, cpu);

	MUST(thread, "no thread %s", name);
	return thread;
}

static void start_far(void)
{
	joined = start_on("joined", end_at_once, 1);
	must_end(start_on("joiner", join, 0)->stack_top);
}

/* The joiner comes first, and sleeps. */
static void start_near(void)
{
	must_end(start_on("joiner", join, 0)->stack_top);
	joined = start_on("joined", end_at_once, 0);
}

/* The joiner itself is there yet: nobody joins it. */
static void one_is_left(void)
{
	u32 both = result[0], one = objects_used();

	MUST(both == one && one > objects_before,
		"%u units in use before, %u after the join, %u now", objects_before, both, one);
}

SCENARIO(join_far, .no_pool = true, .about = "a thread ends on another CPU, and is joined",
	.cpus = 2, .setup = setup, .start = start_far, .finish = one_is_left);
SCENARIO(join_near, .no_pool = true, .about = "a thread ends on the joiner's CPU", .cpus = 2,
	.setup = setup, .start = start_near, .finish = one_is_left);
