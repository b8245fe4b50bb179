/* Random arguments by the table of calls: see pick.h. */
#include "user/random/pick.h"

#include "lib/compiler.h"
#include "lib/string.h"
#include "user/random/worker.h"

static const struct call_text {
	u32 number;
	const char *arguments;
} calls[] = {
#define CALL_TEXT(number, name, arguments, errors, text) { number, arguments },
	CALL_TABLE(CALL_TEXT)
#undef CALL_TEXT
};

u32 random_next(struct random *random)
{
	u32 x = random->state;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	random->state = x;
	return x >> 3;
}

static bool chance(struct random *random, u32 percent)
{
	return random_below(random, 100) < percent;
}

#define ANY(random, ...)                                                                           \
	({                                                                                         \
		static const u32 values_[] = { __VA_ARGS__ };                                      \
		values_[random_below(random, ARRAY_SIZE(values_))];                                \
	})

/* ---- Slots: those of one kind lie together, so that most handles are of the right kind ---- */

#define PAGE_BYTES 4096u
#define SLOTS_OF_A_KIND 8u
enum {
	SLOTS_ENDPOINT = 32,
	SLOTS_NOTIFICATION = 40,
	SLOTS_TASK = 48,
	SLOTS_THREAD = 56,
	SLOTS_REPLY = 64,
	SLOTS_END = 72
};

static u32 slot_from(struct random *random, u32 first)
{
	return first + random_below(random, SLOTS_OF_A_KIND);
}

static u32 any_slot(struct random *random)
{
	return chance(random, 10) ? random_below(random, 4096) : random_below(random, SLOTS_END);
}

static u32 task_slot(struct random *random)
{
	/* Tasks that race seldom meet their end by it. */
	return chance(random, 50) ? WORKER_TASKS + random_below(random, TASKS)
				  : slot_from(random, SLOTS_TASK);
}

static bool starts_with(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static u32 handle_for(struct random *random, const char *what)
{
	if (chance(random, 6))
		return any_slot(random);
	if (starts_with(what, "endpoint"))
		return slot_from(random, SLOTS_ENDPOINT);
	if (starts_with(what, "notification"))
		return slot_from(random, SLOTS_NOTIFICATION);
	if (starts_with(what, "task"))
		return chance(random, 50) ? 0 : task_slot(random);
	if (starts_with(what, "thread"))
		return slot_from(random, chance(random, 70) ? SLOTS_THREAD : WORKER_THREADS);
	if (starts_with(what, "reply"))
		return slot_from(random, SLOTS_REPLY);
	if (starts_with(what, "system"))
		return WORKER_SYSTEM;
	return SLOTS_ENDPOINT + random_below(random, SLOTS_END - SLOTS_ENDPOINT);
}

/* ---- Numbers ---- */

static u32 address(struct random *random)
{
	if (chance(random, 4))
		return ANY(random, 0, 0xF000, USER_END, USER_END - PAGE_BYTES, 0xFFFFF000);
	return 0x50400000u - 8 * PAGE_BYTES + random_below(random, 16) * PAGE_BYTES;
}

static u32 prot(struct random *random) { return ANY(random, 1, 3, 3, 3, 3, 5, 7); }

static u32 number_for(struct random *random, const char *what)
{
	if (starts_with(what, "timeout"))
		return chance(random, 92) ? 0 : random_below(random, 20000);
	if (starts_with(what, "tag"))
		return TAG(random_below(random, 0x10000), random_below(random, 63),
			chance(random, 40) ? random_below(random, 3) : 0);
	if (starts_with(what, "address_prot"))
		return address(random) | prot(random);
	if (starts_with(what, "address_map"))
		return address(random) | ANY(random, 0, 0, 1, 1, 2, 10, 10, 3, 4);
	if (starts_with(what, "address_unmap"))
		return address(random) | chance(random, 40);
	if (starts_with(what, "pages"))
		return chance(random, 95) ? 1 + random_below(random, 4)
					  : ANY(random, 0, 64, 1024, 1025, ~0u);
	if (starts_with(what, "rights"))
		return chance(random, 80) ? RIGHTS_ALL : random_below(random, 16);
	if (starts_with(what, "irq_op"))
		return random_below(random, 3);
	if (starts_with(what, "irq"))
		return ANY(random, 5, 10, 11);
	if (starts_with(what, "bit"))
		return chance(random, 90) ? random_below(random, 32) : random_next(random);
	if (starts_with(what, "info"))
		return random_below(random, INFO_KINDS + 1);
	if (starts_with(what, "count"))
		return 256;
	if (starts_with(what, "bytes"))
		return ANY(random, 20000, 100000, 4096, 28);
	if (starts_with(what, "frame") || starts_with(what, "drop_flags"))
		return 0;
	return chance(random, 60) ? 0 : random_next(random);
}

/* ---- What a number alone does not say ---- */

static void mend_create(struct random *random, struct result *call, u32 *h1, u32 *h2)
{
	call->tag = ANY(random, KIND_ENDPOINT, KIND_NOTIFICATION, KIND_TASK | 24 << 8);
	*h1 = (call->tag & 0xFF) == KIND_TASK ? WORKER_SYSTEM : 0;
	*h2 = slot_from(random, call->tag == KIND_ENDPOINT       ? SLOTS_ENDPOINT
				: call->tag == KIND_NOTIFICATION ? SLOTS_NOTIFICATION
								 : SLOTS_TASK);
	call->word1 = chance(random, 70) ? slot_from(random, SLOTS_ENDPOINT) : 0;
}

/* Not in those that race: it would end them by its first fault. */
static void mend_thread(struct random *random, struct result *call, u32 *h1, u32 *h2)
{
	*h1 = slot_from(random, SLOTS_TASK);
	*h2 = slot_from(random, SLOTS_THREAD);
	call->tag = (0x61000000u + random_below(random, 8) * PAGE_BYTES) |
		    random_below(random, 25) | random_below(random, 4) << PRIO_BITS;
}

static void mend_control(struct random *random, struct result *call, u32 *h2)
{
	call->tag = ANY(random, THREAD_STOP, THREAD_START, THREAD_START, THREAD_PRIO, THREAD_CPU,
		THREAD_GETREGS, THREAD_BIND, THREAD_BIND, THREAD_YIELD);
	*h2 = call->tag == THREAD_BIND ? slot_from(random, SLOTS_NOTIFICATION) : 0;
	call->word0 =
		call->tag == THREAD_PRIO || call->tag == THREAD_CPU ? random_below(random, 6) : 0;
	call->word1 = 0;
}

static void mend(struct random *random, u32 number, struct result *call, u32 *h1, u32 *h2)
{
	switch (number) {
	case CALL_obj_create: mend_create(random, call, h1, h2); break;
	case CALL_handle_copy:
		call->word0 = SLOTS_ENDPOINT + random_below(random, SLOTS_END - SLOTS_ENDPOINT);
		*h2 = slot_from(random, call->word0 & ~(SLOTS_OF_A_KIND - 1));
		call->word1 = chance(random, 80) ? 0 : random_next(random);
		break;
	case CALL_handle_drop:
		call->tag = chance(random, 25);
		if (chance(random, 99) && *h1 < SLOTS_ENDPOINT)
			*h1 = slot_from(random, SLOTS_ENDPOINT);
		break;
	case CALL_thread_create: mend_thread(random, call, h1, h2); break;
	case CALL_thread_ctl: mend_control(random, call, h2); break;
	case CALL_ipc_recv: *h2 = slot_from(random, SLOTS_REPLY); break;
	case CALL_mem_alloc: *h2 = 0; break;
	case CALL_sys_info:
		call->word1 = SCRATCH_AT(random->worker);
		call->word0 = 0;
		break;
	case CALL_sys_ctl:
		*h1 = 0;
		call->tag = chance(random, 50) ? SYS_CLOCK : SYS_PRINT;
		call->word0 = call->word1 = 0;
		break;
	}
}

struct result pick_call(struct random *random)
{
	const struct call_text *text = &calls[random_below(random, ARRAY_SIZE(calls))];
	struct result call = { 0 };
	u32 h1 = 0, h2 = 0;

	/* "h1:endpoint:endpoint+send esi:tag:tag ..." */
	for (const char *at = text->arguments; *at;) {
		const char *what = strchr(strchr(at, ':') + 1, ':') + 1, *end = strchr(what, ' ');

		if (starts_with(at, "h1"))
			h1 = handle_for(random, what);
		else if (starts_with(at, "h2"))
			h2 = handle_for(random, what);
		else if (starts_with(at, "esi"))
			call.tag = number_for(random, what);
		else if (starts_with(at, "edi"))
			call.word0 = number_for(random, what);
		else if (starts_with(at, "ebp"))
			call.word1 = number_for(random, what);
		else
			call.badge = number_for(random, what);
		at = end ? end + 1 : "";
	}
	mend(random, text->number, &call, &h1, &h2);
	call.error = text->number | h1 << 8 | h2 << 20;
	return call;
}

static u32 random_item(struct random *random, u32 kind, bool sends, u32 *size)
{
	*size = kind == ITEM_STRING ? random_below(random, 9000) : 1 + random_below(random, 2);
	if (kind == ITEM_HANDLE) {
		*size = RIGHTS_ALL;
		return any_slot(random);
	}
	if (kind == ITEM_STRING)
		return address(random) + random_below(random, 100);
	return address(random) | (sends ? prot(random) : 0);
}

void pick_message(struct random *random, struct message *message)
{
	u32 kind = 1 + random_below(random, 4);

	message->places = random_below(random, 3);
	for (u32 i = 0; i < MESSAGE_ITEMS; i++) {
		struct message_item *item = &message->item[i];
		struct message_place *place = &message->place[i];

		item->kind = place->kind = chance(random, 90) ? kind : random_below(random, 6);
		item->at = random_item(random, item->kind, true, &item->size);
		item->badge = 0;
		place->at = random_item(random, place->kind, false, &place->size);
	}
}
