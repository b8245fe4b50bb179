/*
 * Tasks: an address space, a handle table, an account, and where its faults go.
 *
 * A task ends when its last handle goes, when its last thread ends, or by DESTROY.  Until one of
 * its threads is started it also ends with the task that created it: handles to it may lie in its
 * own table, or in a circle of such tasks, where nobody can use them.  Ending marks it dead and
 * kills its threads; when the last one has left, the reaper of the CPU where that was, a kernel
 * thread, drops its handles, ends what it created, and gives its pages back; then it raises the bit
 * of the notification that the creator named.
 *
 * Who ends a task does none of this, however small the task is, and does not wait for it either: it
 * could not begin before the task's threads have left, on other CPUs too.  A reaper has the
 * priority of the most urgent who ended a task there, so nobody less urgent comes before.  It takes
 * one task after the other, so a large one delays those of its CPU behind it.
 */
#ifndef KERNEL_TASK_H
#define KERNEL_TASK_H

#include "kernel/objects/handle.h"
#include "kernel/objects/object.h"
#include "mm/tables/address_space.h"
#include "mm/user/account.h"

#define IO_MAP_BYTES 128u /* ports 0 to 0x3FF; a bit that is set forbids */

struct task {
	struct object object;
	struct mm *mm;
	struct account account;
	struct handle_table handles;
	u32 max_priority;
	struct object *pager; /* endpoint, held; NULL: it ends at its first fault */
	u32 pager_badge;
	struct object *on_end; /* notification, held, or NULL */
	u32 on_end_bit;
	struct list threads; /* alive; behind all others those that are dying */
	u32 threads_alive;
	u32 calls;   /* of any thread, under way, that use its memory or table without the lock */
	u32 urgency; /* highest priority of those who have ended it */
	bool reaped; /* the reaper has it */
	u8 *io;      /* NULL: no port */
	/* What it made: endpoints, notifications, tasks of which no thread has been started. */
	struct list owned;
	struct list in_all; /* all tasks; objects_lock */
	struct list dying;  /* in a reaper's list */
	u32 number;         /* in the order of creation, for sys_info */
};

static inline struct task *task_of(struct object *object)
{
	return container_of(object, struct task, object);
}

extern struct list all_tasks;

/* The cache and the reapers.  False: no memory. */
bool tasks_init(void);

struct new_task {
	struct task *creator; /* a thread of it is in a call; NULL: none */
	u32 limit, slots, max_priority;
	struct object *pager, *on_end; /* held by the caller, or NULL */
	u32 pager_badge, on_end_bit;
};
/*
 * With one hold, the caller's.  0, ENOMEM, EQUOTA (the limit is too small for the task itself).
 * May sleep.
 */
u32 task_create(const struct new_task *wanted, struct task **task);

/* Marks it dead and kills its threads.  No lock held. */
void task_destroy(struct task *task);
/* One of its threads, of this priority, has ended.  objects_lock held. */
void task_thread_ended(struct task *task, u32 priority);

/*
 * A call that works on a living task without objects_lock: its memory and its table stay until the
 * call ends.  begins: objects_lock held; ends: no lock held.
 */
void task_call_begins(struct task *task);
void task_call_ends(struct task *task);

/* Sleeps until it is gone and its memory is back; the caller's hold goes. */
void task_wait_end(struct task *task);

/*
 * Its map of I/O ports, charged for, from now on: for all its threads.  False: it has one.  No lock
 * held.
 */
bool task_set_io(struct task *task, u8 *io);

/* objects_lock held, or the task's own thread asks, or it has none any more. */
bool task_has_port(const struct task *task, u32 port);

/* An object that the task created, and is charged for.  objects_lock held. */
void task_owns(struct task *task, struct object *object);
/* It no longer ends with its creator.  objects_lock held. */
static inline void task_stands_alone(struct task *task) { list_remove(&task->object.owned); }

#endif
