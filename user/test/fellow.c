/* A second task for a test: see fellow.h. */
#include "user/test/fellow.h"

#include "user/test/program.h"
#include "user/test/record.h"

#define STACK_PAGES 4u
#define AREA 0x40000u /* as in user/lib/thread.c */
#define PRIO 8u

static __noreturn void begin_fellow(void (*run)(void *), void *argument)
{
	run(argument);
	handle_drop(SLOT_THREAD, DROP_DESTROY);
	__builtin_trap();
}

static void give_handle(u32 task, u32 slot)
{
	u32 rights = RIGHTS_ALL;

	while (handle_copy(task, slot, slot, rights, 0).error == EPERM && rights)
		rights--;
}

static void give_shared(u32 task)
{
	make_shared();
	EXPECT(0, mem_map(task, 0, SHARED | PROT_RW, SHARED | MAP_MAP, 1));
	EXPECT(0, (struct result){ .error = record_give(task) });
}

/* Its stack, filled here: the arguments of begin_fellow() behind a return address. */
static u32 lay_stack(const struct fellow *fellow)
{
	u32 top = THREADS_START + (fellow->area + 1) * AREA, page = SHARED + PAGE;
	u32 *words = (u32 *)(page + PAGE);

	EXPECT(0, mem_alloc(fellow->slot, 0, (top - STACK_PAGES * PAGE) | PROT_RW, STACK_PAGES, 0));
	EXPECT(0, mem_map(0, fellow->slot, page | PROT_RW, (top - PAGE) | MAP_MAP, 1));
	*--words = (u32)(uintptr_t)fellow->argument;
	*--words = (u32)(uintptr_t)fellow->run;
	*--words = 0;
	EXPECT(0, mem_unmap(0, page, 1));
	return top - 3 * sizeof(u32);
}

void fellow_make(const struct fellow *fellow)
{
	u32 slot = fellow->slot, message = THREADS_START + fellow->area * AREA, stack;

	EXPECT(0, obj_create(SLOT_SYSTEM, slot, KIND_TASK | PRIO << 8,
			  fellow->limit ? fellow->limit : FELLOW_LIMIT, fellow->pager, 256));
	EXPECT(0, (struct result){ .error = program_give(slot) });
	give_shared(slot);
	stack = lay_stack(fellow);
	EXPECT(0, thread_create(slot, slot + 1, (u32)(uintptr_t)begin_fellow, stack,
			  message | PRIO | fellow->cpu << PRIO_BITS, 0));
	EXPECT(0, handle_copy(slot, SLOT_THREAD, slot + 1, RIGHTS_ALL, 0));
	for (u32 i = SLOT_A; i <= SLOT_LAST; i++)
		give_handle(slot, i);
}

void fellow_start(const struct fellow *fellow)
{
	fellow_make(fellow);
	EXPECT(0, thread_ctl(fellow->slot + 1, 0, THREAD_START, 0, 0));
}

void fellow_end(u32 slot)
{
	EXPECT(0, handle_drop(slot, DROP_DESTROY));
	EXPECT(0, handle_drop(slot + 1, 0));
}

void peer_start(struct peer *peer, void (*run)(void *))
{
	struct fellow fellow = { .slot = SLOT_FELLOW,
		.area = 60,
		.cpu = peer->cpu % cpu_count(),
		.run = run,
		.argument = (void *)SHARED };

	make_shared();
	peer->thread = peer->other_task ? SLOT_FELLOW_THREAD : SLOT_THREADS + 60;
	if (peer->other_task)
		fellow_start(&fellow);
	else
		start_thread(60, run, (void *)SHARED, 8, peer->cpu);
}
