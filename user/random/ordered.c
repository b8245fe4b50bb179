/* Calls for a race whose order is logged: see ordered.h. */
#include "user/random/ordered.h"

#include "lib/compiler.h"
#include "user/lib/layout.h"
#include "user/random/worker.h"

/* Slots of one kind lie together, so that a handle is mostly of the right one. */
#define KIND_SLOTS 3u /* one for each task */
enum { ENDPOINTS = 32, NOTIFICATIONS = 40, REPLIES = 64, REPLY_SLOTS = 6 };

/* Of each thread alone, in every task: 8 pages around a border of page tables. */
#define RANGE_AT(worker) (0x50400000u + (worker)*0x800000u - 4 * PAGE)
#define RANGE_PAGES 8u

static u32 below(struct random *random, u32 n) { return random_below(random, n); }
static bool chance(struct random *random, u32 percent) { return below(random, 100) < percent; }

static u32 slot_of(struct random *random, u32 first, u32 slots)
{
	return chance(random, 96) ? first + below(random, slots) : below(random, 80);
}

static u32 endpoint(struct random *random) { return slot_of(random, ENDPOINTS, KIND_SLOTS); }
static u32 notification(struct random *random)
{
	return slot_of(random, NOTIFICATIONS, KIND_SLOTS);
}
static u32 thread(struct random *random) { return slot_of(random, WORKER_THREADS, WORKERS); }
static u32 task(struct random *random)
{
	return chance(random, 50) ? 0 : slot_of(random, WORKER_TASKS, TASKS);
}

/* Two of the threads never wait for ever: they wake the others. */
static u32 timeout(struct random *random)
{
	u32 kind = below(random, 100);

	if (kind < 45)
		return TIMEOUT_POLL;
	return kind < 55 && random->worker % 3 ? TIMEOUT_NEVER : 1 + below(random, 10000);
}

/* A call cannot poll; one without time limit takes the kernel's short way. */
static u32 call_timeout(struct random *random)
{
	return random->worker % 3 && chance(random, 30) ? TIMEOUT_NEVER : 1 + below(random, 10000);
}

static struct result call_of(u32 number, u32 h1, u32 h2, u32 ebx)
{
	return (struct result){ .error = number | h1 << 8 | h2 << 20, .badge = ebx };
}

/* ---- Messages ---- */

/* Words only; the last one is looked at by the log. */
static void say(struct random *random, struct result *call, struct message *message)
{
	static const u8 lengths[] = { 0, 1, 2, 2, 2, 3, 10, MESSAGE_WORDS };
	u32 words = lengths[below(random, ARRAY_SIZE(lengths))];

	call->tag = TAG(below(random, 0x10000), words, 0);
	if (chance(random, 1))
		call->tag |= TAG_CALL;
	call->word0 = random_next(random);
	call->word1 = random_next(random);
	if (words > 2)
		message->word[words - 1] = random_next(random);
}

static struct result pick_send(struct random *random, struct message *message, u32 number)
{
	struct result call = call_of(number, endpoint(random), 0, timeout(random));

	if (number == CALL_ipc_call && call.badge == TIMEOUT_POLL && chance(random, 90))
		call.badge = call_timeout(random);
	say(random, &call, message);
	return call;
}

static struct result pick_receive(struct random *random)
{
	u32 slot = chance(random, 90) ? slot_of(random, REPLIES, REPLY_SLOTS) : 0;

	return call_of(CALL_ipc_recv, endpoint(random), slot, timeout(random));
}

static struct result pick_reply(struct random *random, struct message *message)
{
	u32 slot = random->reply ? random->reply : slot_of(random, REPLIES, REPLY_SLOTS);
	u32 next = chance(random, 50) ? endpoint(random) : 0;
	u32 time = chance(random, 50) ? timeout(random) : call_timeout(random);
	struct result call = call_of(CALL_ipc_reply_recv, slot, next, time);

	random->reply = 0;
	say(random, &call, message);
	return call;
}

/* ---- Notifications, handles, threads ---- */

static u32 bits(struct random *random)
{
	return chance(random, 50) ? 1u << below(random, 4) : random_next(random);
}

static struct result pick_notify(struct random *random)
{
	struct result call = call_of(CALL_notify, notification(random), 0, 0);

	call.word0 = bits(random);
	return call;
}

static struct result pick_wait(struct random *random)
{
	struct result call = call_of(CALL_notify_wait, notification(random), 0, timeout(random));

	call.word0 = chance(random, 98) ? bits(random) : 0;
	return call;
}

static struct result pick_timer(struct random *random)
{
	struct result call = call_of(CALL_timer_set, notification(random), 0, 0);

	call.tag = chance(random, 98) ? below(random, 4) : 32;
	call.word0 = chance(random, 50);
	return call;
}

/*
 * Each task makes objects in a slot of its own, and copies them to the same slot of the others: so
 * threads of all tasks meet at them.
 */
static u32 own_slot(struct random *random, u32 first)
{
	return first + random->worker / THREADS_A_TASK;
}

/* True if the slot is where this task makes objects. */
static bool is_own(struct random *random, u32 slot)
{
	return slot == own_slot(random, ENDPOINTS) || slot == own_slot(random, NOTIFICATIONS);
}

static struct result pick_create(struct random *random)
{
	bool is_endpoint = chance(random, 50);
	u32 slot = own_slot(random, is_endpoint ? ENDPOINTS : NOTIFICATIONS);
	struct result call;

	if (random->empty)
		slot = random->empty;
	is_endpoint = slot < NOTIFICATIONS;
	random->empty = 0;
	call = call_of(CALL_obj_create, chance(random, 98) ? 0 : WORKER_SYSTEM, slot, 0);
	call.tag = is_endpoint ? KIND_ENDPOINT : KIND_NOTIFICATION;
	return call;
}

/* The slots of a kind that may come and go. */
static u32 first_slot(struct random *random)
{
	u32 kind = below(random, 100);

	return kind < 55 ? ENDPOINTS : kind < 90 ? NOTIFICATIONS : REPLIES;
}

static struct result copy_to(struct random *random, u32 task_slot, u32 slot, u32 from)
{
	struct result call = call_of(CALL_handle_copy, task_slot, slot, 0);

	call.word0 = from;
	call.tag = chance(random, 90) ? RIGHTS_ALL : below(random, 17);
	call.word1 = chance(random, 90) ? 0 : 1 + below(random, 3);
	return call;
}

/* To another task, where it is missed. */
static struct result copy_on(struct random *random, u32 slot)
{
	u32 other = (random->worker / THREADS_A_TASK + 1 + below(random, TASKS - 1)) % TASKS;

	if (chance(random, 40))
		random->made = 0;
	return copy_to(random, WORKER_TASKS + other, slot, slot);
}

static struct result pick_copy(struct random *random)
{
	u32 first = first_slot(random);

	if (chance(random, 85) && first != REPLIES)
		return copy_on(random, first + below(random, KIND_SLOTS));
	return copy_to(random, task(random), first + below(random, KIND_SLOTS),
		first + below(random, KIND_SLOTS));
}

static struct result drop_dead(struct random *random)
{
	struct result call = call_of(CALL_handle_drop, random->dead, 0, 0);

	random->dead = 0;
	return call;
}

/* What this task has made mostly ends then, lest others wait where it does not come any more. */
static struct result pick_drop(struct random *random)
{
	u32 slot = first_slot(random) + below(random, KIND_SLOTS);
	struct result call = call_of(CALL_handle_drop, slot, 0, 0);

	call.tag = chance(random, 98) ? chance(random, is_own(random, slot) ? 96 : 3) : 2;
	return call;
}

static struct result pick_control(struct random *random)
{
	static const u8 kinds[] = { THREAD_START, THREAD_START, THREAD_STOP, THREAD_PRIO,
		THREAD_CPU, THREAD_BIND, THREAD_BIND, THREAD_BIND, THREAD_YIELD };
	struct result call = call_of(CALL_thread_ctl, 0, 0, 0);

	call.tag = kinds[below(random, ARRAY_SIZE(kinds))];
	if (call.tag == THREAD_YIELD)
		return call;
	call.error |= (chance(random, 30) ? 0 : thread(random)) << 8;
	if (call.tag == THREAD_BIND && chance(random, 20))
		call.error |= notification(random) << 20;
	if (call.tag == THREAD_PRIO)
		call.word0 = RACER_PRIO + below(random, 18);
	if (call.tag == THREAD_CPU)
		call.word0 = below(random, 5);
	return call;
}

/* ---- Memory, devices, information ---- */

static u32 page(struct random *random)
{
	return RANGE_AT(random->worker) + below(random, RANGE_PAGES) * PAGE;
}

static u32 prot(struct random *random)
{
	static const u8 rights[] = { 1, 3, 3, 3, 3, 5, 7 };

	return rights[below(random, ARRAY_SIZE(rights))];
}

static u32 pages(struct random *random)
{
	return chance(random, 97) ? 1 + below(random, 2) : below(random, 2) * 1025;
}

static struct result pick_alloc(struct random *random)
{
	struct result call = call_of(CALL_mem_alloc, task(random), 0, 0);

	call.word0 = page(random) | prot(random);
	call.tag = pages(random);
	return call;
}

static struct result pick_map(struct random *random)
{
	static const u8 ways[] = { MAP_MAP, MAP_MAP, MAP_GRANT, MAP_COPY, MAP_COPY | MAP_REPLACE,
		MAP_COPY | MAP_REPLACE, MAP_SHARE, MAP_PROTECT };
	u32 how = ways[below(random, ARRAY_SIZE(ways))];
	u32 from = how == MAP_PROTECT ? 0 : task(random);
	struct result call = call_of(CALL_mem_map, task(random), from, 0);

	call.word0 = page(random) | prot(random);
	call.word1 = how | (how == MAP_PROTECT ? 0 : page(random));
	call.tag = pages(random);
	return call;
}

static struct result pick_unmap(struct random *random)
{
	struct result call = call_of(CALL_mem_unmap, task(random), 0, 0);

	call.word0 = page(random) | chance(random, 30);
	call.tag = pages(random);
	return call;
}

static struct result pick_io(struct random *random)
{
	struct result call =
		call_of(CALL_io_grant, slot_of(random, WORKER_SYSTEM, 1), task(random), 0);

	call.word0 = 0x3F8;
	call.tag = chance(random, 95) ? 8 : 0;
	return call;
}

static struct result pick_info(struct random *random)
{
	struct result call = call_of(CALL_sys_info, thread(random), 0, sizeof(struct info_thread));

	call.tag = INFO_THREAD;
	call.word1 = SCRATCH_AT(random->worker);
	return call;
}

static struct result pick_clock(struct random *random)
{
	struct result call = call_of(CALL_sys_ctl, 0, 0, 0);

	call.tag = SYS_CLOCK;
	call.word0 = chance(random, 5);
	return call;
}

/* ---- All ---- */

/* Out of 100; the last row has what is left. */
static const struct weight {
	u32 number, weight;
} weights[] = { { CALL_ipc_call, 11 }, { CALL_ipc_send, 9 }, { CALL_ipc_recv, 18 },
	{ CALL_ipc_reply_recv, 3 }, { CALL_notify, 12 }, { CALL_notify_wait, 10 },
	{ CALL_timer_set, 2 }, { CALL_obj_create, 2 }, { CALL_handle_copy, 6 },
	{ CALL_handle_drop, 1 }, { CALL_thread_ctl, 6 }, { CALL_mem_alloc, 4 }, { CALL_mem_map, 3 },
	{ CALL_mem_unmap, 4 }, { CALL_io_grant, 2 }, { CALL_sys_info, 4 }, { CALL_sys_ctl, 2 } };

static u32 number_for(struct random *random)
{
	u32 lot = below(random, 100), i = 0;

	for (; i < ARRAY_SIZE(weights) - 1 && lot >= weights[i].weight; i++)
		lot -= weights[i].weight;
	return weights[i].number;
}

static struct result any_call(struct random *random, struct message *message)
{
	u32 number = number_for(random);

	switch (number) {
	case CALL_ipc_recv: return pick_receive(random);
	case CALL_ipc_reply_recv: return pick_reply(random, message);
	case CALL_notify: return pick_notify(random);
	case CALL_notify_wait: return pick_wait(random);
	case CALL_timer_set: return pick_timer(random);
	case CALL_obj_create: return pick_create(random);
	case CALL_handle_copy: return pick_copy(random);
	case CALL_handle_drop: return pick_drop(random);
	case CALL_thread_ctl: return pick_control(random);
	case CALL_mem_alloc: return pick_alloc(random);
	case CALL_mem_map: return pick_map(random);
	case CALL_mem_unmap: return pick_unmap(random);
	case CALL_io_grant: return pick_io(random);
	case CALL_sys_info: return pick_info(random);
	case CALL_sys_ctl: return pick_clock(random);
	default: return pick_send(random, message, number);
	}
}

struct result ordered_pick(struct random *random, struct message *message)
{
	if (random->reply && chance(random, 70))
		return pick_reply(random, message);
	if (random->dead && chance(random, 70))
		return drop_dead(random);
	if (random->empty && chance(random, 70))
		return pick_create(random);
	if (random->made && chance(random, 70))
		return copy_on(random, random->made);
	return any_call(random, message);
}

/* True of the slots for endpoints and notifications. */
static bool is_kept(u32 slot)
{
	return slot - ENDPOINTS < KIND_SLOTS || slot - NOTIFICATIONS < KIND_SLOTS;
}

void ordered_look(struct random *random, struct result call, struct result answer)
{
	u32 number = call.error & 0xFFu, slot = (call.error >> 8) & HANDLE_MASK;
	u32 other = call.error >> 20;

	if (!answer.error && (answer.tag & TAG_CALL))
		random->reply = number == CALL_ipc_recv ? other : slot;
	if (answer.error == EDEAD && is_kept(slot))
		random->dead = slot;
	if (answer.error == EBADH &&
		(is_own(random, slot) || (is_kept(slot) && chance(random, 30))))
		random->empty = slot;
	if (!answer.error && number == CALL_obj_create && is_own(random, other))
		random->made = other;
}
