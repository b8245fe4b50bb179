/* Pages, faults through a pager, tasks. */
#include "lib/compiler.h"
#include "user/bench/bench.h"
#include "user/lib/calls.h"
#include "user/lib/child.h"
#include "user/lib/layout.h"

#define PLACE 0x54000000u
#define COPIED 0x54800000u
#define RW (PROT_READ | PROT_WRITE)

static u32 map_and_unmap(u32 n)
{
	u32 error = mem_alloc(0, 0, PLACE | RW, 1, 0).error;

	if (error && error != EEXIST)
		return 0;
	for (u32 i = 0; i < n; i++) {
		if (mem_map(0, 0, (PLACE + 0x100000) | RW, PLACE | MAP_MAP, 1).error)
			return 0;
		if (mem_unmap(0, PLACE + 0x100000, 1).error)
			return 0;
	}
	return n;
}

#define SLOT_DEAF (SLOT_MADE + 2)

/* An endpoint from which nobody can receive: a fault sent there ends the thread, in silence. */
static u32 make_deaf_pager(void)
{
	u32 error = obj_create(0, SLOT_MADE, KIND_ENDPOINT, 0, 0, 0).error;

	if (!error)
		error = handle_copy(0, SLOT_DEAF, SLOT_MADE, RIGHT_SEND, 0).error;
	handle_drop(SLOT_MADE, 0);
	return error == ENOSLOT ? 0 : error;
}

static u32 make_task(u32 slot)
{
	return obj_create(SLOT_SYSTEM, slot, KIND_TASK | 10u << 8, 0x100000, SLOT_DEAF, 256).error;
}

/* With a page and a thread, whose first instruction faults. */
static u32 tasks(u32 n)
{
	if (make_deaf_pager())
		return 0;
	for (u32 i = 0; i < n; i++) {
		u32 error = make_task(SLOT_MADE);

		if (!error)
			error = mem_alloc(SLOT_MADE, 0, 0x100000 | RW, 1, 0).error;
		if (!error)
			error = thread_create(
				SLOT_MADE, SLOT_MADE + 1, 0x100000, 0x101000, 0x200000 | 9u, 0)
					.error;
		if (!error)
			error = thread_ctl(SLOT_MADE + 1, 0, THREAD_START, 0, 0).error;
		handle_drop(SLOT_MADE, DROP_DESTROY);
		handle_drop(SLOT_MADE + 1, 0);
		if (error)
			return 0;
	}
	return n;
}

static struct result ask(u32 what, u32 word)
{
	return ipc_call(SLOT_MEET, TAG(what, 1u, 0u), word, 0, TIMEOUT_NEVER);
}

/* The child's first write to each of so many pages. */
static u32 new_pages(u32 n)
{
	struct result touched;

	ask(REQUEST_FORGET, 0);
	touched = ask(REQUEST_TOUCH, n);
	measured_ticks(touched.word0);
	return touched.error ? 0 : n;
}

/* The same of pages that it shares with this task. */
static u32 shared_pages(u32 n)
{
	struct result touched;

	if (!new_pages(n) ||
		mem_map(0, SLOT_CHILD, COPIED | PROT_READ, FAULT_PLACE | MAP_SHARE, n).error)
		return 0;
	touched = ask(REQUEST_TOUCH, n);
	measured_ticks(touched.word0);
	mem_unmap(0, COPIED, n);
	return touched.error ? 0 : n;
}

const struct key memory_keys[] = {
	{ "user.fault_anon", FAULT_PAGES, 1, new_pages },
	{ "user.fault_cow", FAULT_PAGES, 1, shared_pages },
	{ "user.map_unmap", 10000, 1, map_and_unmap },
	{ "user.task_create_destroy", 1000, 1, tasks },
};
const u32 memory_key_count = ARRAY_SIZE(memory_keys);
