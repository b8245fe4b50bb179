/* Threads of tasks: see user_thread.h. */
#include "kernel/objects/user_thread.h"

#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/cpu/segment.h"
#include "arch/x86/smp/smp_call.h"
#include "arch/x86/upcall.h"
#include "kernel/objects/notification.h"
#include "kernel/objects/task.h"
#include "kernel/objects/thread_state.h"
#include "lib/assert.h"
#include "lib/format.h"
#include "mm/objects/kstack.h"
#include "mm/objects/objcache.h"
#include "mm/pages/page_alloc.h"
#include "mm/user/account.h"

static struct object_cache user_thread_cache;

/* Of the struct, the kernel stack and the message page. */
#define THREAD_CHARGE (sizeof(struct user_thread) + KERNEL_STACK_SIZE + PAGE_SIZE)

void user_threads_init(void)
{
	object_cache_init(&user_thread_cache, "user thread", sizeof(struct user_thread), 8);
}

/* ---- Made and freed ---- */

static void free_thread(struct object *object)
{
	struct user_thread *thread = user_thread_of(object);
	u32 flags = objects_lock_irq();

	object_release(&thread->task->object);
	objects_unlock_irq(flags);
	object_free(&user_thread_cache, thread);
}

static void destroy_thread(struct object *object) { user_thread_kill(user_thread_of(object)); }

static const struct object_ops thread_ops = {
	.kind = KIND_THREAD,
	.free = free_thread,
	.destroy = destroy_thread,
	.reply_went = thread_reply_went,
};

static void set_frame(struct user_thread *thread, const struct new_thread *wanted)
{
	*user_frame(thread) = (struct trapframe){
		.ebx = wanted->word,
		.ds = SEG_USER_DATA,
		.es = SEG_USER_DATA,
		.vector = VECTOR_FULL_RETURN,
		.eip = wanted->entry,
		.cs = SEG_USER_CODE,
		.eflags = EFLAGS_USER,
		.user_esp = wanted->stack,
		.user_ss = SEG_USER_DATA,
	};
}

/* Interrupts are off: without work it is in user mode next, else it comes to user_thread_work(). */
static void may_be_in_user_mode(struct user_thread *self)
{
	self->leaving = this_cpu_read(user_work) != 0;
}

static void begin(void *unused)
{
	struct user_thread *self = current_user_thread();

	(void)unused;
	irq_disable();
	may_be_in_user_mode(self);
	user_mode_enter(user_frame(self));
}

/* After its last switch, in the context of the thread that runs next: may not sleep. */
static void ended(struct thread *thread)
{
	struct user_thread *self = container_of(thread, struct user_thread, thread);
	struct task *task = self->task;
	u32 flags;
	bool last;

	thread_free(thread);
	account_return(&task->account, THREAD_CHARGE);
	flags = objects_lock_irq();
	list_remove(&self->in_task);
	task_thread_ended(task, self->base_priority);
	/* Not by objects_reap(), which may sleep; but what holds the task is the task's reaper. */
	last = !--self->object.holds && !self->object.handles;
	if (last)
		object_release(&task->object);
	objects_unlock_irq(flags);
	if (last)
		object_free(&user_thread_cache, self);
}

/* The message page, mapped.  0 or a negative error. */
static int map_message(struct user_thread *thread, uintptr_t place)
{
	struct mm *mm = thread->task->mm;
	int error = mm_make_tables(mm, place);

	if (error)
		return error;
	thread->message = get_zeroed_page(GFP_KERNEL);
	if (!thread->message)
		return -ENOMEM;
	error = mm_map(mm, place, virt_to_page(thread->message), PAGE_USER_RW);
	if (error)
		free_page_at(thread->message);
	else
		thread->message_at = place;
	return error;
}

static void unmap_message(struct user_thread *thread)
{
	mm_unmap(thread->task->mm, thread->message_at, thread->message_at + PAGE_SIZE);
	put_page(virt_to_page(thread->message));
}

static struct user_thread *alloc_thread(const struct new_thread *wanted)
{
	struct user_thread *thread = object_alloc(&user_thread_cache, GFP_KERNEL);

	if (!thread)
		return NULL;
	if (!thread_init(&thread->thread, "user", wanted->cpu)) {
		object_free(&user_thread_cache, thread);
		return NULL;
	}
	object_init(&thread->object, &thread_ops);
	thread_state_init(thread);
	list_init(&thread->in_task);
	thread->task = wanted->task;
	thread->thread.mm = wanted->task->mm;
	thread->thread.priority = thread->base_priority = wanted->priority;
	thread->thread.on_end = ended;
	thread->copy_fault = NO_COPY_FAULT;
	thread->leaving = true;
	thread_set_entry(&thread->thread, begin, NULL);
	thread->thread.state = THREAD_SLEEPING;
	set_frame(thread, wanted);
	return thread;
}

static void drop_new(struct user_thread *thread)
{
	thread_free(&thread->thread);
	object_free(&user_thread_cache, thread);
}

/* Into its task, unless that is about to end. */
static bool join_task(struct user_thread *thread)
{
	struct task *task = thread->task;
	u32 flags = objects_lock_irq();
	bool alive = !task->object.dead;

	if (alive) {
		thread->thread.io = task->io;
		list_push(&task->threads, &thread->in_task);
		task->threads_alive++;
		object_hold(&task->object);
		object_hold(&thread->object); /* of the running thread, until it has ended */
		object_hold(&thread->object); /* the caller's */
	}
	objects_unlock_irq(flags);
	return alive;
}

static int create_charged(const struct new_thread *wanted, struct user_thread **made)
{
	struct user_thread *thread = alloc_thread(wanted);
	int error;

	if (!thread)
		return -ENOMEM;
	error = map_message(thread, wanted->message_at);
	if (!error && !join_task(thread)) {
		unmap_message(thread);
		error = -EDEAD;
	}
	if (error)
		drop_new(thread);
	else
		*made = thread;
	return error;
}

u32 user_thread_create(const struct new_thread *wanted, struct user_thread **made)
{
	int error = -EQUOTA;

	if (account_charge(&wanted->task->account, THREAD_CHARGE)) {
		error = create_charged(wanted, made);
		if (error)
			account_return(&wanted->task->account, THREAD_CHARGE);
	}
	return (u32)-error;
}

/* ---- Start, stop, end ---- */

void user_thread_start(struct user_thread *thread)
{
	order_thread(ORDER_START, thread);
	thread->started = true;
	task_stands_alone(thread->task);
	thread->stopped = thread->still = thread->parked = false;
	thread->starts++;
	sched_work_done(&thread->thread, WORK_STOP);
	/* A new one, or one that sleeps because it was stopped. */
	if (thread->state == IN_RUN)
		sched_wake(&thread->thread, NULL);
}

static void look_around(void *unused)
{
	(void)unused;
	reschedule_interrupt();
}

/*
 * True if it left user mode by an interrupt or an exception: nothing changes its frame then.  It is
 * not in user mode now.
 */
static bool was_interrupted(const struct user_thread *thread)
{
	u32 vector = user_frame(thread)->vector;

	return vector < VECTORS && vector != VECTOR_CALL_GATE;
}

/* It cannot get to user mode, unless it has been started again since: `starts` was before. */
static void look_whether_still(struct user_thread *thread, u32 starts)
{
	u32 flags = objects_lock_irq();

	/* A dead one has no stack, and so no frame. */
	if (thread->stopped && thread->starts == starts && !thread->object.dead)
		thread->still = thread->leaving || was_interrupted(thread);
	objects_unlock_irq(flags);
}

void user_thread_stop(struct user_thread *thread)
{
	u32 flags = objects_lock_irq(), cpu, starts = thread->starts;

	thread->stopped = true;
	cpu = sched_give_work(&thread->thread, WORK_STOP);
	objects_unlock_irq(flags);
	/* When that CPU has answered, it is in the kernel, or will look before it leaves it. */
	if (cpu < NR_CPUS && cpu != smp_processor_id())
		smp_call(1u << cpu, look_around, NULL);
	look_whether_still(thread, starts);
}

bool user_thread_stands_still(const struct user_thread *thread)
{
	return !thread->started || thread->parked || thread->still || thread->state == IN_SEND ||
	       thread->state == IN_REPLY || thread->state == IN_RECV || thread->state == IN_NOTE;
}

void user_thread_kill(struct user_thread *thread)
{
	u32 flags = objects_lock_irq();

	thread_kill(thread);
	objects_unlock_irq(flags);
}

/* The running thread ends. */
__noreturn static void end_self(struct user_thread *self)
{
	u32 flags;

	unmap_message(self);
	thread_use_mm(NULL);
	flags = objects_lock_irq();
	self->object.dead = true;
	if (self->bound)
		notification_unbind(self);
	objects_unlock_irq(flags);
	objects_reap();
	sched_end();
}

static void sleep_while_stopped(struct user_thread *self)
{
	objects_lock_irq();
	self->parked = self->stopped && !self->dying;
	if (self->parked)
		sched_block(&objects_lock, NULL);
	else
		spin_unlock(&objects_lock);
	irq_disable();
}

void user_thread_work(struct user_thread *self)
{
	u32 work = this_cpu_read(user_work);

	self->leaving = true;
	this_cpu_write(user_work, 0);
	if (self->thread.work & WORK_KILL) {
		irq_enable();
		end_self(self);
	}
	if (self->thread.work & WORK_STOP)
		sleep_while_stopped(self);
	if (work & WORK_RESCHEDULE) {
		irq_enable();
		yield();
		irq_disable();
	}
	may_be_in_user_mode(self);
}
