/* Threads: made, ended, joined. */
#include "arch/x86/cpu/context.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/cpu/trap.h"
#include "kernel/sched/sched.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mm/hooks/stack_depth.h"
#include "mm/objects/kstack.h"
#include "mm/objects/objcache.h"
#include "mm/pages/page_alloc.h"

static struct object_cache thread_cache;
static struct thread boot_thread = { .name = "boot",
	.exited = WAIT_QUEUE_INIT(boot_thread.exited, "exited") };

/* All of them, but for the boot thread, so that a report can name them. */
static struct list all_threads = LIST_INIT(all_threads);
static struct spinlock all_lock = SPINLOCK_INIT("threads");

static void list_thread(struct thread *thread)
{
	spin_lock(&all_lock);
	list_append(&all_threads, &thread->in_all);
	spin_unlock(&all_lock);
}

static void unlist_thread(struct thread *thread)
{
	spin_lock(&all_lock);
	list_remove(&thread->in_all);
	spin_unlock(&all_lock);
}

u32 *thread_kmaps(void) { return &current_thread()->kmaps; }

void each_thread_kmaps(void (*look)(const char *thread, u32 kmaps))
{
	spin_lock(&all_lock);
	list_for_each(node, &all_threads) {
		const struct thread *thread = list_entry(node, struct thread, in_all);

		look(thread->name, READ_ONCE(thread->kmaps));
	}
	spin_unlock(&all_lock);
}

void threads_init_boot(void)
{
	sched_init_cpu(0, &boot_thread);
	stack_depth_boot();
}

void threads_init(void) { object_cache_init(&thread_cache, "thread", sizeof(struct thread), 8); }

/*
 * Wakes whoever joins; the waiter on the queue is the joiner's, the thread itself is freed by it.
 */
__noreturn static void thread_exit(void)
{
	struct thread *self = current_thread();

	WRITE_ONCE(self->ending, true);
	wake_up_one(&self->exited);
	sched_end();
}

/* Where every new thread begins, by the switch to it. */
static void thread_begin(void)
{
	struct thread *self = current_thread();

	finish_switch();
	self->entry(self->arg);
	thread_use_mm(NULL);
	thread_exit();
}

bool thread_init(struct thread *thread, const char *name, u32 cpu)
{
	strlcpy(thread->name, name, sizeof(thread->name));
	thread->stack_top = kernel_stack_alloc(thread->name);
	if (!thread->stack_top)
		return false;
	thread->cpu = thread->moves_to = cpu;
	thread->priority = PRIORITY_KERNEL;
	list_init(&thread->node);
	wait_queue_init(&thread->exited, "exited");
	list_thread(thread);
	return true;
}

void thread_free(struct thread *thread)
{
	unlist_thread(thread);
	kernel_stack_free(thread->stack_top);
}

void thread_set_entry(struct thread *thread, void (*entry)(void *), void *arg)
{
	thread->entry = entry;
	thread->arg = arg;
	/* Above it there is room for the frame of an entry from user mode. */
	thread->saved_sp =
		context_prepare(thread->stack_top - sizeof(struct trapframe), thread_begin);
}

static struct thread *thread_alloc(const char *name, u32 cpu)
{
	struct thread *thread = object_alloc(&thread_cache, GFP_KERNEL);

	if (thread && !thread_init(thread, name, cpu)) {
		object_free(&thread_cache, thread);
		return NULL;
	}
	return thread;
}

struct thread *thread_create(const char *name, void (*entry)(void *), void *arg, u32 cpu)
{
	struct thread *thread = thread_alloc(name, cpu);

	if (!thread)
		return NULL;
	thread_set_entry(thread, entry, arg);
	sched_start_thread(thread);
	return thread;
}

struct thread *thread_create_idle(u32 cpu)
{
	struct thread *thread;
	char name[THREAD_NAME_SIZE];

	snprintf(name, sizeof(name), "idle/%u", cpu);
	thread = thread_alloc(name, cpu);
	if (thread)
		sched_init_cpu(cpu, thread);
	return thread;
}

static bool thread_ended(struct thread *thread)
{
	return READ_ONCE(thread->state) == THREAD_DEAD && !thread->on_cpu;
}

void thread_join(struct thread *thread)
{
	struct waiter waiter;

	while (!READ_ONCE(thread->ending)) {
		wait_enqueue(&thread->exited, &waiter);
		if (!READ_ONCE(thread->ending))
			wait_sleep(&waiter);
		wait_dequeue(&thread->exited, &waiter);
	}
	/* It has only its last switch before it. */
	while (!thread_ended(thread)) {
		cpu_relax();
		yield();
	}
	thread_free(thread);
	object_free(&thread_cache, thread);
	check_stack_cache();
}
