/* A second task for a test: see fellow.h. */
#include "user/test/fellow.h"

#include "user/test/record.h"

#define STACK_PAGES 4u
#define AREA 0x40000u /* as in user/lib/thread.c */
#define PRIO 8u

/* user/program.ld */
extern char program_text[], program_rodata[], program_data[], program_end[];

/* Only pages that are there can be copied; those of zeros come when they are touched. */
static void touch(const char *from, const char *to)
{
	for (; from < to; from += PAGE)
		(void)READ_ONCE(*from);
}

static u32 give_pages(u32 task, const char *from, const char *to, u32 prot, u32 operation)
{
	u32 start = (u32)(uintptr_t)from, pages = (u32)(to - from) / PAGE;

	if (!pages)
		return 0;
	touch(from, to);
	return mem_map(task, 0, start | prot, start | operation, pages).error;
}

u32 program_give(u32 task)
{
	u32 error = give_pages(task, program_text, program_rodata, PROT_READ | PROT_EXEC, MAP_MAP);

	if (!error)
		error = give_pages(task, program_rodata, program_data, PROT_READ, MAP_MAP);
	return error ? error : give_pages(task, program_data, program_end, PROT_RW, MAP_COPY);
}

/* ---- Task and thread ---- */

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
