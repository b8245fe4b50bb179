/* Tasks: see task.h. */
#include "kernel/objects/task.h"

#include "arch/x86/console/console.h"
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/smp/cpumask.h"
#include "kernel/objects/notification.h"
#include "kernel/objects/thread_state.h"
#include "kernel/sched/sched.h"
#include "lib/assert.h"
#include "mm/objects/kstack.h"
#include "mm/objects/objcache.h"
#include "mm/pages/page_alloc.h"
#include "mm/tables/pgalloc.h"
#include "mm/tables/quicklist.h"
#include "mm/wait.h"

struct list all_tasks = LIST_INIT(all_tasks);
static struct object_cache task_cache;
static u32 next_number = 1;

/*
 * Each CPU takes apart the tasks that end there, at the priority of those who end them: who runs on
 * another CPU, at whatever priority, keeps no task from ending.
 */
struct reaper {
	struct thread *thread;
	struct list dying; /* tasks whose last thread has ended; objects_lock */
	struct wait_queue wait;
};
static DEFINE_PER_CPU(struct reaper, reaper);
/* Woken at the end of each task. */
static struct wait_queue end_wait = WAIT_QUEUE_INIT(end_wait, "task ended");

/* ---- Made and freed ---- */

static u32 table_pages(const struct task *task) { return task->handles.slots / HANDLES_A_PAGE; }

/* What a task is charged for itself: the struct, its PGD, its table. */
static u32 own_charge(const struct task *task)
{
	return sizeof(*task) + (1 + table_pages(task)) * PAGE_SIZE;
}

/* Its pages are zero again, and the next task's. */
static void free_table(struct handle_table *table)
{
	for (u32 slot = 0; slot < table->end; slot++)
		*handle_place(table, slot) = (struct handle){};
	for (u32 i = 0; i < HANDLE_PAGES; i++)
		if (table->page[i])
			zeroed_page_free(table->page[i]);
}

static bool alloc_table(struct handle_table *table, u32 slots)
{
	table->slots = slots;
	for (u32 i = 0; i < slots / HANDLES_A_PAGE; i++) {
		table->page[i] = zeroed_page_alloc();
		if (!table->page[i]) {
			free_table(table);
			return false;
		}
	}
	return true;
}

static void free_task(struct object *object) { object_free(&task_cache, task_of(object)); }

/* Without handles nobody can reach it: it ends, if it has not yet. */
static void task_unreachable(struct object *object)
{
	if (!object->handles)
		task_destroy(task_of(object));
}

static void destroy(struct object *object) { task_destroy(task_of(object)); }

static const struct object_ops task_ops = {
	.kind = KIND_TASK,
	.free = free_task,
	.unreachable = task_unreachable,
	.destroy = destroy,
};

static void publish(struct task *task, const struct new_task *wanted)
{
	u32 flags = objects_lock_irq();

	task->pager = wanted->pager;
	task->on_end = wanted->on_end;
	if (task->pager)
		object_hold(task->pager);
	if (task->on_end)
		object_hold(task->on_end);
	task->number = next_number++;
	object_hold(&task->object); /* until the reaper has done its work */
	object_hold(&task->object); /* the caller's */
	list_append(&all_tasks, &task->in_all);
	if (wanted->creator)
		list_append(&wanted->creator->owned, &task->object.owned);
	objects_unlock_irq(flags);
}

static bool build(struct task *task, u32 slots)
{
	if (!alloc_table(&task->handles, slots))
		return false;
	task->mm = mm_create();
	if (!task->mm) {
		free_table(&task->handles);
		return false;
	}
	task->mm->account = &task->account;
	return true;
}

u32 task_create(const struct new_task *wanted, struct task **made)
{
	struct task *task = object_alloc(&task_cache, GFP_KERNEL);

	if (!task)
		return ENOMEM;
	object_init(&task->object, &task_ops);
	list_init(&task->threads);
	list_init(&task->owned);
	list_init(&task->in_all);
	list_init(&task->dying);
	task->account.limit = MIN(wanted->limit, ACCOUNT_MAX);
	task->max_priority = wanted->max_priority;
	task->pager_badge = wanted->pager_badge;
	task->on_end_bit = wanted->on_end_bit;
	task->handles.slots = wanted->slots;
	if (!account_charge(&task->account, own_charge(task))) {
		object_free(&task_cache, task);
		return EQUOTA;
	}
	if (!build(task, wanted->slots)) {
		object_free(&task_cache, task);
		return ENOMEM;
	}
	order_task(ORDER_TASK, task);
	publish(task, wanted);
	*made = task;
	return 0;
}

void task_owns(struct task *task, struct object *object)
{
	object->charged = task;
	list_append(&task->owned, &object->owned);
}

bool task_set_io(struct task *task, u8 *io)
{
	u32 flags = objects_lock_irq();
	bool first = !task->io;

	if (first) {
		task->io = io;
		list_for_each(node, &task->threads)
			list_entry(node, struct user_thread, in_task)->thread.io = io;
	}
	objects_unlock_irq(flags);
	return first;
}

bool task_has_port(const struct task *task, u32 port)
{
	return task->io && !(task->io[port / 8] & 1u << port % 8);
}

/* ---- The end ---- */

/* Hands a dead task to this CPU's reaper once nobody works on it.  objects_lock held. */
static void look_whether_ended(struct task *task)
{
	struct reaper *here = this_cpu(reaper);

	if (!task->object.dead || task->threads_alive || task->calls || task->reaped)
		return;
	task->reaped = true;
	list_append(&here->dying, &task->dying);
	/* Who ends a task shall not wait for threads of lower priority. */
	if (task->urgency > here->thread->priority)
		sched_set_priority(here->thread, task->urgency);
	wake_up_one(&here->wait);
}

void task_thread_ended(struct task *task, u32 priority)
{
	task->urgency = MAX(task->urgency, priority);
	if (!--task->threads_alive) {
		task->object.dead = true;
		look_whether_ended(task);
	}
}

void task_call_begins(struct task *task) { task->calls++; }

void task_call_ends(struct task *task)
{
	u32 flags = objects_lock_irq();

	task->calls--;
	look_whether_ended(task);
	objects_unlock_irq(flags);
}

/* Kills up to a hold's worth of threads that are not dying yet; true if there may be more. */
static bool kill_some(struct task *task)
{
	for (u32 n = 0; n < ELEMENTS_A_HOLD; n++) {
		struct user_thread *thread =
			list_first(&task->threads, struct user_thread, in_task);

		if (list_empty(&task->threads) || thread->dying)
			return false;
		thread_kill(thread); /* it goes to the end of the list */
	}
	return true;
}

void task_destroy(struct task *task)
{
	bool more;

	do {
		u32 flags = objects_lock_irq();

		order_task(ORDER_END, task);
		task->object.dead = true;
		task_stands_alone(task);
		task->urgency = MAX(task->urgency, current_thread()->priority);
		more = kill_some(task);
		look_whether_ended(task);
		objects_unlock_irq(flags);
	} while (more);
}

/* Empties up to a hold's worth of slots from *slot on; true if there are more. */
static bool drop_some(struct task *task, u32 *slot)
{
	u32 flags = objects_lock_irq(), dropped = 0;

	for (; *slot < task->handles.end && dropped < ELEMENTS_A_HOLD; ++*slot) {
		struct handle *handle = handle_at(&task->handles, *slot);

		if (!handle)
			continue;
		handle_clear(handle);
		dropped++;
	}
	objects_unlock_irq(flags);
	return *slot < task->handles.end;
}

static void drop_handles(struct task *task)
{
	u32 slot = 0;

	while (drop_some(task, &slot))
		objects_reap();
	objects_reap();
}

/* The first object that the task created, held; NULL: none. */
static struct object *first_owned(struct task *task)
{
	struct object *object = NULL;
	u32 flags = objects_lock_irq();

	if (!list_empty(&task->owned)) {
		object = list_first(&task->owned, struct object, owned);
		object_hold(object);
	}
	objects_unlock_irq(flags);
	return object;
}

static void end_owned(struct task *task)
{
	for (struct object *object; (object = first_owned(task));) {
		object->ops->destroy(object); /* takes it off the list */
		object_let_go(object);
	}
}

static void free_io(struct task *task)
{
	if (!task->io)
		return;
	if (task_has_port(task, CONSOLE_PORT))
		console_take_back();
	kfree(task->io);
	account_return(&task->account, IO_MAP_BYTES);
}

/* The struct stays, as a stub, as long as handles lead to it. */
static void free_memory(struct task *task)
{
	free_table(&task->handles);
	mm_destroy(task->mm);
	task->mm = NULL;
	free_io(task);
	account_return(&task->account, own_charge(task));
	INVARIANT(56, atomic_read(&task->account.used) == 0,
		"task %u has ended, and its account holds %u bytes", task->number,
		atomic_read(&task->account.used));
}

static void tell_end(struct task *task)
{
	u32 flags = objects_lock_irq();

	list_remove(&task->in_all);
	if (task->on_end && !task->on_end->dead)
		notification_raise(notification_of(task->on_end), 1u << task->on_end_bit);
	objects_unlock_irq(flags);
	wake_up_all(&end_wait);
}

static void tear_down(struct task *task)
{
	drop_handles(task);
	end_owned(task);
	object_let_go(task->pager);
	free_memory(task);
	tell_end(task);
	object_let_go(task->on_end);
	object_let_go(&task->object);
	check_stack_cache(); /* its threads left theirs */
}

/* NULL: none; the next one says how urgent it is. */
static struct task *take_dying(struct reaper *self)
{
	struct task *task = NULL;
	u32 flags = objects_lock_irq();

	if (!list_empty(&self->dying)) {
		task = list_first(&self->dying, struct task, dying);
		list_remove(&task->dying);
	} else {
		sched_set_priority(current_thread(), PRIORITY_KERNEL);
	}
	objects_unlock_irq(flags);
	return task;
}

static void reap_tasks(void *arg)
{
	struct reaper *self = arg;

	for (;;) {
		struct waiter waiter;
		struct task *task;

		wait_enqueue(&self->wait, &waiter);
		task = take_dying(self);
		if (!task)
			wait_sleep(&waiter);
		wait_dequeue(&self->wait, &waiter);
		if (task)
			tear_down(task);
	}
}

static bool is_listed(const struct task *task)
{
	u32 flags = objects_lock_irq();
	bool listed = !list_empty(&task->in_all);

	objects_unlock_irq(flags);
	return listed;
}

void task_wait_end(struct task *task)
{
	bool there = true;

	while (there) {
		struct waiter waiter;

		wait_enqueue(&end_wait, &waiter);
		there = is_listed(task);
		if (there)
			wait_sleep(&waiter);
		wait_dequeue(&end_wait, &waiter);
	}
	object_let_go(&task->object);
}

static bool make_reaper(u32 cpu)
{
	struct reaper *made = per_cpu(reaper, cpu);

	list_init(&made->dying);
	wait_queue_init(&made->wait, "reaper");
	made->thread = thread_create("reaper", reap_tasks, made, cpu);
	return made->thread != NULL;
}

bool tasks_init(void)
{
	object_cache_init(&task_cache, "task", sizeof(struct task), 8);
	for_each_cpu(cpu, cpus_online())
		if (!make_reaper(cpu))
			return false;
	return true;
}
