/* Tasks and threads for scenarios, on the kernel's own scheduler. */
#include "cpus/idle_cpus.h"
#include "machine.h"
#include "tasks/tasks.h"

#include "arch/x86/console/console.h"
#include "arch/x86/firmware/physmap.h"
#include "arch/x86/firmware/topology.h"
#include "lib/string.h"
#include "mm/boot/ram_layout.h"
#include "mm/pages/page_alloc.h"
#include "mm/pkmap/kmap_atomic.h"
#include "mm/pkmap/pkmap_retire.h"
#include "mm/user/frames.h"
#include "mm/user/user_map.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_MADE 6u
#define PRIORITY 8u
#define SLOTS HANDLES_A_PAGE
#define LIMIT 0x1000000u

static struct user_thread *made[MAX_MADE];
static u32 nmade, message_pages;

static void must_be_made(u32 error, const char *what)
{
	if (!error)
		return;
	fprintf(stderr, "%s cannot be made: %u\n", what, error);
	exit(2);
}

/* ---- Boot ---- */

void threads_boot(void)
{
	idle_cpus_boot();
	for (u32 n = 0; n < HIGH_PAGES; n++)
		env_free_high_page(n);
	frames_init();
	must_be_made(!timeouts_init(), "the thread of time-outs");
	user_threads_init();
	endpoints_init();
	notifications_init();
	must_be_made(!tasks_init(), "the reaper");
}

/* No task has its port. */
void console_take_back(void) {}

/* ---- What the kernel's files ask of others ---- */

void page_goes(struct page *page)
{
	if (unlikely(page->virtual))
		pkmap_retire(page);
}

void copy_page(struct page *to, struct page *from)
{
	(void)to;
	(void)from;
}

/* No scenario maps devices. */
struct topology topology;
enum phys_kind phys_kind_at(phys_t phys)
{
	(void)phys;
	return PHYS_RAM;
}
pfn_t reachable_pfns(void) { return max_pfn; }

size_t strlcpy(char *to, const char *from, size_t size)
{
	size_t n = 0;

	for (; from[n]; n++)
		if (n < size - 1)
			to[n] = from[n];
	to[n < size ? n : size - 1] = 0;
	return n;
}

/* ---- Tasks, objects, handles ---- */

struct task *make_mortal_task(struct object *pager)
{
	struct new_task wanted = {
		.limit = LIMIT, .slots = SLOTS, .max_priority = PRIORITIES - 1, .pager = pager
	};
	struct task *task = NULL;

	must_be_made(task_create(&wanted, &task), "a task");
	return task;
}

struct task *make_task(struct object *pager)
{
	struct task *task = make_mortal_task(pager);

	task->threads_alive++;
	return task;
}

struct object *make_endpoint(struct task *creator)
{
	u32 error = 0;
	struct endpoint *endpoint = endpoint_create(creator, &error);

	must_be_made(error, "an endpoint");
	task_owns(creator, &endpoint->object);
	return &endpoint->object;
}

struct object *make_notification(struct task *creator)
{
	u32 error = 0;
	struct notification *notification = notification_create(creator, &error);

	must_be_made(error, "a notification");
	task_owns(creator, &notification->object);
	return &notification->object;
}

void make_page(struct task *task, uintptr_t at)
{
	struct range to = { task->mm, at, 1 };
	u32 done;

	must_be_made((u32)-user_alloc(&to, PROT_READ | PROT_WRITE, &done), "a page");
}

void map_page(struct task *to, uintptr_t at, struct task *from, uintptr_t from_at)
{
	struct range place = { to->mm, at, 1 }, source = { from->mm, from_at, 1 };
	u32 done;

	must_be_made((u32)-user_map(&place, &source, PROT_READ, &done), "a mapping");
}

void give(struct task *task, u32 slot, struct object *object, u32 rights)
{
	handle_set(handle_free_slot(&task->handles, slot), object, rights, 0);
}

/* ---- Threads ---- */

void forget(struct user_thread *thread)
{
	if (made[nmade - 1] == thread)
		nmade--;
}

struct user_thread *make_thread(struct task *task, u32 cpu, void (*fn)(void))
{
	struct new_thread wanted = {
		.task = task,
		.entry = (u32)(uintptr_t)fn,
		.message_at = ++message_pages * PAGE_SIZE,
		.priority = PRIORITY,
		.cpu = cpu,
	};
	struct user_thread *thread = NULL;

	must_be_made(user_thread_create(&wanted, &thread), "a thread");
	made[nmade++] = thread;
	return thread;
}

struct user_thread *spawn_server(struct task *task, u32 cpu, void (*fn)(void))
{
	struct user_thread *thread = make_thread(task, cpu, fn);

	user_thread_start(thread);
	return thread;
}

struct user_thread *spawn(struct task *task, u32 cpu, void (*fn)(void))
{
	struct user_thread *thread = spawn_server(task, cpu, fn);

	must_end(thread->thread.stack_top);
	return thread;
}

/* ---- Looks ---- */

/* The thread's stack and struct are gone with it: spawn()'s hold keeps the struct. */
static bool is_asleep(const struct user_thread *thread)
{
	return thread->thread.state == THREAD_SLEEPING;
}

/* What a CPU runs, or has ready, belongs to it, whenever its queue's lock is free. */
static void check_queue(u32 cpu)
{
	const struct run_queue *queue = per_cpu(run_queue, cpu);

	if (atomic_read(&queue->lock.taken))
		return;
	MUST(queue->current->cpu == cpu && queue->current->state == THREAD_RUNNING,
		"CPU %u runs a thread of CPU %u in state %u", cpu, queue->current->cpu,
		queue->current->state);
	for (u32 priority = 0; priority < PRIORITIES; priority++)
		list_for_each(node, &queue->ready[priority]) {
			const struct thread *thread = list_entry(node, struct thread, node);

			MUST(thread->cpu == cpu && thread->state == THREAD_READY,
				"CPU %u has a thread of CPU %u ready, in state %u", cpu,
				thread->cpu, thread->state);
		}
}

/* Who waits in a call sleeps: the two change together, under objects_lock. */
void env_check_state(void)
{
	for (u32 cpu = 0; cpu < ncpus; cpu++)
		check_queue(cpu);
	if (atomic_read(&objects_lock.taken))
		return;
	for (u32 i = 0; i < nmade; i++)
		MUST(made[i]->state == IN_RUN || made[i]->state == IN_ACTIVE || is_asleep(made[i]),
			"thread %u waits in state %u of a call, but does not sleep", i,
			made[i]->state);
}

static const char *const state_names[] = {
	[IN_RUN] = "RUN",
	[IN_SEND] = "SEND",
	[IN_REPLY] = "REPLY",
	[IN_RECV] = "RECV",
	[IN_NOTE] = "NOTE",
	[IN_ACTIVE] = "ACTIVE",
	[IN_PASSIVE] = "PASSIVE",
};

bool env_all_ended(char *text, size_t size)
{
	size_t n = 0;

	for (u32 i = 0; i < nmade && n < size; i++)
		n += (size_t)snprintf(text + n, size - n, "; thread %u in %s%s%s", i,
			state_names[made[i]->state],
			is_to_end(made[i]->thread.stack_top) ? ", is to end" : "",
			made[i]->dying ? ", dying" : "");
	return !m.must_end;
}

/* How many handles to the object stand in the tables of all tasks. */
static u32 count_handles(const struct object *object)
{
	u32 n = 0;

	list_for_each(node, &all_tasks) {
		const struct task *task = list_entry(node, struct task, in_all);

		for (u32 slot = 1; task->mm && slot < task->handles.slots; slot++) {
			const struct handle *handle = handle_at(&task->handles, slot);

			n += handle && handle->object == object;
		}
	}
	return n;
}

static void check_thread(u32 i)
{
	const struct user_thread *thread = made[i];
	bool queued = !list_empty(&thread->queue);
	bool waits =
		thread->state == IN_SEND || thread->state == IN_RECV || thread->state == IN_NOTE;

	MUST(queued == waits && waits == (thread->waits_for != NULL),
		"thread %u in state %u: queued %u, waits for %p", i, thread->state, queued,
		(void *)thread->waits_for);
	MUST(thread->state != IN_RUN || list_empty(&thread->timeout.node),
		"thread %u waits no more, but its time-out is pending", i);
	MUST(thread->object.handles == count_handles(&thread->object),
		"thread %u counts %u handles, the tables have %u", i, thread->object.handles,
		count_handles(&thread->object));
	MUST(!thread->partner, "thread %u still has a partner", i);
}

static void check_task(const struct task *task)
{
	MUST(!task->calls, "a task counts %u calls under way", task->calls);
	for (u32 slot = 1; task->mm && slot < task->handles.slots; slot++) {
		const struct handle *handle = handle_at(&task->handles, slot);

		MUST(!handle || handle->object->handles == count_handles(handle->object),
			"the object of slot %u counts %u handles, the tables have %u", slot,
			handle->object->handles, count_handles(handle->object));
		MUST(!handle || !(handle->rights & RIGHT_RESERVED),
			"the handle of slot %u is reserved in the end", slot);
	}
}

void check_objects(void)
{
	MUST(list_empty(&objects_to_reap), "an object waits to be freed");
	for (u32 i = 0; i < nmade; i++)
		check_thread(i);
	list_for_each(node, &all_tasks)
		check_task(list_entry(node, struct task, in_all));
}

int mapped(const struct task *task, uintptr_t at)
{
	const pte_t *pte = mm_pte(task->mm, at);

	return pte && pte_present(*pte) ? (int)pte_pfn(*pte) : -1;
}

u32 pages_free(void) { return (u32)__builtin_popcount(m.free_frames); }
u32 objects_used(void) { return heap_used(); }

u32 charged(const struct task *task) { return atomic_read(&task->account.used); }
