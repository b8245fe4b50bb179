/* A child that runs this program again: see clone.h. */
#include "user/bench/clone.h"

#include "lib/compiler.h"
#include "user/lib/calls.h"
#include "user/lib/load.h"

/* user/program.ld */
extern char program_text[], program_rodata[], program_data[], program_end[];
void _start(void);

static u32 stack;

/* Only pages that are there can be copied; those of zeros come when they are touched. */
static void touch(const char *from, const char *to)
{
	for (; from < to; from += PAGE)
		(void)READ_ONCE(*from);
}

static u32 give_pages(const char *from, const char *to, u32 prot, u32 operation)
{
	u32 start = (u32)(uintptr_t)from, pages = (u32)(to - from) / PAGE;

	if (!pages)
		return 0;
	touch(from, to);
	return mem_map(SLOT_CHILD, 0, start | prot, start | operation, pages).error;
}

static u32 give_program(void)
{
	u32 error = give_pages(program_text, program_rodata, PROT_READ | PROT_EXEC, MAP_MAP);

	if (!error)
		error = give_pages(program_rodata, program_data, PROT_READ, MAP_MAP);
	return error ? error
		     : give_pages(program_data, program_end, PROT_READ | PROT_WRITE, MAP_COPY);
}

u32 clone_make(u32 limit, u32 count, const char *const *arguments)
{
	u32 error = child_make(limit);

	if (error)
		return error;
	error = give_program();
	if (!error)
		error = load_stack(SLOT_CHILD, count, arguments, &stack);
	if (error)
		child_drop();
	return error;
}

u32 clone_start(void)
{
	u32 error = child_start((u32)(uintptr_t)_start, stack);

	if (error)
		child_drop();
	return error;
}
