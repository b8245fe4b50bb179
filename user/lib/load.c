/* From a checked ELF file to mapped pages: see load.h. */
#include "user/lib/load.h"

#include "lib/compiler.h"
#include "lib/string.h"
#include "user/lib/calls.h"
#include "user/lib/layout.h"

#define WINDOW_PAGES 64u
#define START_WORDS 4u

static char *const window = (char *)LOAD_WINDOW;

/* New, zeroed pages in the window; all or none. */
static u32 open_window(u32 pages)
{
	u32 error = mem_alloc(0, 0, LOAD_WINDOW | PROT_READ | PROT_WRITE, pages, 0).error;

	if (error)
		mem_unmap(0, LOAD_WINDOW, pages);
	return error;
}

/* Gives the window's pages to the task: the rights are set while nobody else has the pages. */
static u32 give_window(u32 task, u32 address, u32 prot, u32 pages)
{
	u32 error = 0;

	if (prot != (PROT_READ | PROT_WRITE))
		error = mem_map(0, 0, LOAD_WINDOW | prot, MAP_PROTECT, pages).error;
	if (!error)
		error = mem_map(task, 0, address | prot, LOAD_WINDOW | MAP_GRANT, pages).error;
	if (error)
		mem_unmap(0, LOAD_WINDOW, pages);
	return error;
}

/* Pages of a segment that have bytes from the file. */
static u32 file_pages(const struct elf_segment *segment)
{
	return segment->size ? (segment->skip + segment->size + PAGE - 1) / PAGE : 0;
}

/* Fills the window with what the segment has in `pages` pages from `first` on. */
static void fill_window(const struct elf_segment *segment, u32 first, u32 pages)
{
	u32 from = first * PAGE, to = MIN((first + pages) * PAGE, segment->skip + segment->size);
	u32 begin = MAX(from, segment->skip);

	memcpy(window + (begin - from), segment->data + (begin - segment->skip), to - begin);
}

static u32 load_segment(u32 task, const struct elf_segment *segment)
{
	u32 count = file_pages(segment), error = 0;

	for (u32 first = 0; first < count && !error; first += WINDOW_PAGES) {
		u32 pages = MIN(count - first, WINDOW_PAGES);

		error = open_window(pages);
		if (error)
			break;
		fill_window(segment, first, pages);
		error = give_window(task, segment->start + first * PAGE, segment->prot, pages);
	}
	return error;
}

u32 load_segments(u32 task, const struct elf_program *program)
{
	u32 error = 0;

	for (u32 i = 0; i < program->segments && !error; i++)
		error = load_segment(task, &program->segment[i]);
	return error;
}

/* Copies the strings to the window's page, from its end down; false if they do not fit. */
static bool put_strings(u32 count, const char *const *arguments, u32 *address)
{
	u32 at = PAGE, least = (count + 1 + START_WORDS) * sizeof(u32);

	for (u32 i = 0; i < count; i++) {
		u32 size = (u32)strlen(arguments[i]) + 1;

		if (size > at - least)
			return false;
		at -= size;
		memcpy(window + at, arguments[i], size);
		address[i] = STACK_TOP - PAGE + at;
	}
	return true;
}

/*
 *   stack:  message page, argc, argv, 0   what crt0.asm finds; no start-up object
 *           argv[0] ... argv[argc - 1], 0
 *           ...
 *           the strings                   up to STACK_TOP
 */
u32 load_stack(u32 task, u32 count, const char *const *arguments, u32 *stack)
{
	u32 address[LOAD_ARGUMENTS + 1], at, error, *words;

	if (count > LOAD_ARGUMENTS)
		return E2BIG;
	error = open_window(1);
	if (error)
		return error;
	if (!put_strings(count, arguments, address)) {
		mem_unmap(0, LOAD_WINDOW, 1);
		return E2BIG;
	}
	address[count] = 0;
	at = ALIGN_DOWN(count ? address[count - 1] : STACK_TOP, 4u) -
	     (count + 1 + START_WORDS) * sizeof(u32);
	words = (u32 *)(window + (at - (STACK_TOP - PAGE)));
	words[0] = PROGRAM_MESSAGE;
	words[1] = count;
	words[2] = at + START_WORDS * sizeof(u32);
	words[3] = 0;
	memcpy(words + START_WORDS, address, (count + 1) * sizeof(u32));
	*stack = at;
	return give_window(task, STACK_TOP - PAGE, PROT_READ | PROT_WRITE, 1);
}

u32 load_zero_page(const struct elf_program *program, u32 address)
{
	if (address >= STACK_BOTTOM && address < STACK_TOP)
		return PROT_READ | PROT_WRITE;
	for (u32 i = 0; i < program->segments; i++) {
		const struct elf_segment *segment = &program->segment[i];
		u32 page = (address - segment->start) / PAGE;

		if (address >= segment->start && page < segment->pages &&
			page >= file_pages(segment))
			return segment->prot;
	}
	return 0;
}
