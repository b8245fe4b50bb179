/* The pages of this program: see program.h. */
#include "user/test/program.h"

#include "lib/compiler.h"
#include "user/lib/calls.h"
#include "user/lib/layout.h"

#define PROT_RW (PROT_READ | PROT_WRITE)

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
