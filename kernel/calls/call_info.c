/* sys_info: what the kernel tells of itself. */
#include "arch/x86/console/console.h"
#include "arch/x86/cpu/user_copy.h"
#include "arch/x86/paging/tlb.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/smp/ipi.h"
#include "kernel/calls/call.h"
#include "kernel/ipc/fault.h"
#include "kernel/objects/system.h"
#include "kernel/sched/sched_stats.h"
#include "lib/string.h"
#include "mm/objects/kstack.h"
#include "mm/objects/objcache.h"
#include "mm/pages/page_alloc.h"
#include "mm/pages/pcp.h"
#include "mm/pages/zone.h"
#include "mm/pkmap/highmem.h"
#include "mm/tables/quicklist.h"
#include "mm/user/user_look.h"
#include "mm/wait.h"

/* Where the answer goes. */
struct answer {
	u32 at, room; /* of the buffer */
	u32 filled;
};

/* One struct, whole; false if it does not fit any more, or *error = EFAULT. */
static bool put(struct answer *answer, const void *from, u32 size, u32 *error)
{
	if (answer->room - answer->filled < size)
		return false;
	if (!copy_to_user((void *)(uintptr_t)(answer->at + answer->filled), from, size)) {
		*error = EFAULT;
		return false;
	}
	answer->filled += size;
	return true;
}

/* Structs of a kind gathered before they are put: on the stack, an eighth of it at most. */
#define INFOS_A_PIECE 16u

/* How many structs of this size to gather: none if no more fits. */
static u32 room_for(const struct answer *answer, u32 size)
{
	return MIN((answer->room - answer->filled) / size, INFOS_A_PIECE);
}

/*
 * Those that were gathered.  A page of the buffer may be missing, and its pager may never answer:
 * so neither a lock is held nor a task counted as worked on.
 */
static u32 put_all(struct answer *answer, const void *infos, u32 n, u32 size)
{
	u32 error = 0;

	for (u32 i = 0; i < n && !error; i++)
		put(answer, (const char *)infos + i * size, size, &error);
	cond_resched();
	return error;
}

/* Exactly one struct is asked for: a smaller buffer is an error. */
static u32 put_one(struct answer *answer, const void *from, u32 size)
{
	u32 error = 0;

	if (put(answer, from, size, &error))
		return 0;
	return error ? error : EINVAL;
}

/* ---- SYSTEM ---- */

/* Pages of a zone in the lists of all CPUs. */
static u32 cached_pages(u32 zone)
{
	u32 pages = 0;

	for_each_cpu(cpu, cpus_online())
		for (u32 order = 0; order <= PCP_MAX_ORDER; order++)
			pages += READ_ONCE(per_cpu(page_stacks, cpu)->of[order][zone].count)
				 << order;
	return pages;
}

static void fill_zone(struct info_system *info, u32 i)
{
	const struct zone *zone = &zones[i];

	info->zone[i].managed = zone->managed;
	info->zone[i].free = READ_ONCE(zone->free);
	info->zone[i].cached = cached_pages(i);
	for (u32 order = 0; order < NR_ORDERS; order++)
		info->zone[i].blocks[order] = READ_ONCE(zone->area[order].count);
}

static void fill_cpu(struct info_system *info, u32 cpu)
{
	const struct sched_stats *sched = per_cpu(sched_stats, cpu);
	const struct tlb_stats *tlb = per_cpu(tlb_stats, cpu);

	info->cpu[cpu].switches = sched->switches;
	info->cpu[cpu].ticks = sched->ticks;
	info->cpu[cpu].halts = sched->halts;
	info->cpu[cpu].ipis = *per_cpu(ipis_sent, cpu);
	info->cpu[cpu].rounds = tlb->rounds;
	info->cpu[cpu].full_flushes = tlb->full_flushes;
	info->cpu[cpu].cr3_loads = tlb->cr3_loads;
	info->cpu[cpu].invlpgs = tlb->invlpgs;
	info->cpu[cpu].pgds = per_cpu(pgd_quicklist, cpu)->count;
	info->cpu[cpu].pmds = per_cpu(pmd_quicklist, cpu)->count;
	info->cpu[cpu].ptes = per_cpu(pte_quicklist, cpu)->count;
	info->cpu[cpu].stacks = per_cpu(stack_list, cpu)->count;
}

static void fill_pkmap(struct info_system *info)
{
	spin_lock(&kmap_lock);
	info->pkmap.slots = pkmap_slots;
	info->pkmap.in_use = pkmap_in_use;
	info->pkmap.maps = kmap_stats.maps;
	info->pkmap.new_maps = kmap_stats.new_maps;
	info->pkmap.revivals = kmap_stats.revivals;
	info->pkmap.flushes = kmap_stats.flushes;
	info->pkmap.sleeps = kmap_stats.sleeps;
	spin_unlock(&kmap_lock);
}

/* On the stack, a quarter of it: who asks because memory is short gets an answer. */
static u32 tell_system(struct answer *answer)
{
	struct info_system info = { .microseconds = time_since_boot(), .cpus = cpu_online_count() };

	_Static_assert(sizeof(info) < 2048, "a quarter of a kernel stack");
	for (u32 i = 0; i < NR_ZONES; i++)
		fill_zone(&info, i);
	fill_pkmap(&info);
	for_each_cpu(cpu, cpus_online())
		fill_cpu(&info, cpu);
	return put_one(answer, &info, sizeof(info));
}

/* ---- CACHES ---- */

static u32 tell_caches(u32 from, struct answer *answer)
{
	const struct object_cache *cache;
	u32 error = 0;

	for (; (cache = object_cache_number(from)); from++) {
		struct info_cache info = { .size = cache->size,
			.in_use = READ_ONCE(cache->in_use),
			.pages = READ_ONCE(cache->pages) };

		strlcpy(info.name, cache->name, sizeof(info.name));
		if (!put(answer, &info, sizeof(info), &error))
			break;
	}
	return error;
}

/* ---- Tasks, maps, threads ---- */

/* objects_lock held, so that the task's memory is there. */
static void fill_task(struct info_task *info, const struct task *task)
{
	*info = (struct info_task){
		.number = task->number,
		.badge = task->pager_badge,
		.threads = task->threads_alive,
		.used = atomic_read(&task->account.used),
		.limit = task->account.limit,
	};
	if (task->mm) {
		info->pages = task->mm->pages;
		info->tables = task->mm->tables;
	}
}

static u32 tell_task(struct user_thread *self, u32 slot, struct answer *answer)
{
	struct info_task info;
	u32 error = 0, flags;
	struct task *task = call_task(self, slot, 0, &error);

	if (!task)
		return error;
	flags = objects_lock_irq();
	fill_task(&info, task);
	objects_unlock_irq(flags);
	call_task_done(self, task);
	return put_one(answer, &info, sizeof(info));
}

/* A walk through all tasks, in pieces. */
struct task_walk {
	struct task *last; /* the last one seen, held; NULL: none yet */
	u32 from;          /* number of the first one wanted still */
	bool at_end;
};

/* Where it goes on; at the head again if the last one seen has ended.  objects_lock held. */
static struct list *next_in_walk(const struct task_walk *walk)
{
	bool listed = walk->last && !list_empty(&walk->last->in_all);

	return listed ? walk->last->in_all.next : all_tasks.next;
}

/* The walk stands at this one.  objects_lock held. */
static void walk_to(struct task_walk *walk, struct task *task)
{
	object_hold(&task->object);
	if (walk->last)
		object_release(&walk->last->object);
	walk->last = task;
	walk->from = MAX(walk->from, task->number + 1);
}

/* Up to a hold's worth is looked at; returns how many were filled in. */
static u32 some_tasks(struct task_walk *walk, struct info_task *info, u32 room)
{
	u32 flags = objects_lock_irq(), filled = 0;
	struct list *node = next_in_walk(walk);
	struct task *task = NULL;

	for (u32 n = 0; n < ELEMENTS_A_HOLD && filled < room && node != &all_tasks; n++) {
		task = list_entry(node, struct task, in_all);
		if (task->number >= walk->from)
			fill_task(&info[filled++], task);
		node = node->next;
	}
	walk->at_end = node == &all_tasks;
	if (task)
		walk_to(walk, task);
	objects_unlock_irq(flags);
	return filled;
}

static u32 tell_tasks(struct user_thread *self, u32 slot, u32 from, struct answer *answer)
{
	struct task_walk walk = { .from = from };
	struct info_task info[INFOS_A_PIECE];
	u32 error = 0, room;

	object_let_go(call_object(self, slot, KIND_SYSTEM, RIGHT_SEND, &error));
	while (!error && !walk.at_end && (room = room_for(answer, sizeof(info[0])))) {
		u32 n = some_tasks(&walk, info, room);

		error = put_all(answer, info, n, sizeof(info[0]));
	}
	object_let_go(walk.last ? &walk.last->object : NULL);
	return error;
}

/* The task is found anew for each piece: it may end meanwhile, which is EDEAD. */
static u32 tell_maps(struct user_thread *self, u32 slot, u32 from, struct answer *answer)
{
	uintptr_t at = ALIGN_DOWN(from, PAGE_SIZE);
	struct info_map info[INFOS_A_PIECE];
	u32 error = 0, room;

	do {
		struct task *task = call_task(self, slot, 0, &error);
		u32 n;

		if (!task)
			return error;
		room = room_for(answer, sizeof(info[0]));
		n = user_some_maps(task->mm, &at, info, room);
		call_task_done(self, task);
		error = put_all(answer, info, n, sizeof(info[0]));
	} while (!error && room && at < USER_TOP);
	return error;
}

static u32 tell_thread(struct user_thread *self, u32 slot, struct answer *answer)
{
	struct info_thread info;
	u32 error = 0, flags;
	struct object *object = call_object(self, slot, KIND_THREAD, 0, &error);
	const struct user_thread *thread;

	if (!object)
		return error;
	thread = user_thread_of(object);
	flags = objects_lock_irq();
	info = (struct info_thread){
		.task = thread->task->number,
		.started = thread->started,
		.stopped = thread->stopped,
		.waiting = thread->state,
		.priority = thread->thread.priority,
		.cpu = thread->thread.cpu,
	};
	objects_unlock_irq(flags);
	object_let_go(object);
	return put_one(answer, &info, sizeof(info));
}

/* ---- LOG ---- */

/* What is printed meanwhile may take the place of what comes next: there the answer ends. */
static u32 tell_text(u32 *at, struct answer *answer)
{
	char text[128];
	u32 error = 0, n;

	do {
		n = MIN(answer->room - answer->filled, (u32)sizeof(text));
		n = console_log_read(*at, text, n);
		*at += n;
	} while (n && put(answer, text, n, &error));
	return error;
}

static u32 tell_log(struct user_thread *self, u32 slot, u32 from, struct answer *answer)
{
	struct info_log info = { 0 };
	u32 error = 0, at;

	object_let_go(call_object(self, slot, KIND_SYSTEM, RIGHT_SEND, &error));
	if (error)
		return error;
	info.first = at = console_log_first(from);
	info.unshown = console_unshown();
	error = put_one(answer, &info, sizeof(info));
	if (!error)
		error = tell_text(&at, answer);
	if (!error && task_has_port(self->task, CONSOLE_PORT))
		console_shown(at);
	return error;
}

static u32 tell(struct user_thread *self, const struct call *call, struct answer *answer)
{
	switch (call->esi) {
	case INFO_SYSTEM: return tell_system(answer);
	case INFO_TASK: return tell_task(self, call->h1, answer);
	case INFO_MAPS: return tell_maps(self, call->h1, call->edi, answer);
	case INFO_THREAD: return tell_thread(self, call->h1, answer);
	case INFO_CACHES: return tell_caches(call->edi, answer);
	case INFO_LOG: return tell_log(self, call->h1, call->edi, answer);
	default: return tell_tasks(self, call->h1, call->edi, answer);
	}
}

u32 call_sys_info(struct user_thread *self, struct trapframe *frame)
{
	struct call call = call_begin(frame);
	struct answer answer = { .at = call.ebp, .room = call.ebx };
	bool whole = call.esi == INFO_SYSTEM || call.esi == INFO_CACHES;
	bool ranged = call.esi >= INFO_TASKS || call.esi == INFO_MAPS;
	u32 error;

	if (call.esi >= INFO_KINDS || (whole && call.h1) || (!ranged && call.edi))
		return EINVAL;
	copy_begins(self);
	error = tell(self, &call, &answer);
	frame->edi = answer.filled;
	return error;
}
