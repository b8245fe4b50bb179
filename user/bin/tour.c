/*
 * What the guided tours of user mode look at (docs/tours.md).  A child touches a page that is not
 * there, writes to a page that it shares, calls, and ends; this program is its pager, and answers.
 * What a tour stops at has a function of its own.
 */
#include "lib/compiler.h"
#include "lib/string.h"
#include "user/lib/calls.h"
#include "user/lib/child.h"
#include "user/lib/load.h"
#include "user/lib/print.h"
#include "user/lib/start.h"

#define IN_CHILD "-child"
#define CHILD_LIMIT 0x08000000u
#define PROT_RW (PROT_READ | PROT_WRITE)
#define NEW_PAGE 0x50000000u
#define SHARED_PAGE 0x50001000u
#define WORD(address) (*(volatile u32 *)(uintptr_t)(address))
#define CALL_ADD 2u /* label, beside PARENT_EXIT; the answer is the sum of the two words */

/* user/program.ld */
extern char program_text[], program_rodata[], program_data[], program_end[];
void _start(void);

/* ---- The child ---- */

__noinline static void touch_new_page(void) { WORD(NEW_PAGE) = 1; }
__noinline static void look_at_new_page(void) { (void)WORD(NEW_PAGE); }
__noinline static void write_shared_page(void) { WORD(SHARED_PAGE) = 8; }
__noinline static void look_at_shared_page(void) { (void)WORD(SHARED_PAGE); }

__noinline static u32 ask_for_sum(u32 a, u32 b)
{
	return ipc_call(SLOT_PARENT, TAG(CALL_ADD, 2u, 0u), a, b, TIMEOUT_NEVER).word0;
}

__noinline static void look_at_sum(u32 sum) { printf("tour: the sum is %u\n", sum); }

static int run_child(void)
{
	touch_new_page();
	look_at_new_page();
	write_shared_page();
	look_at_shared_page();
	look_at_sum(ask_for_sum(20, 22));
	return 0;
}

/* ---- Its parent ---- */

__noinline static void bring_new_page(u32 address)
{
	mem_alloc(SLOT_CHILD, 0, ALIGN_DOWN(address, PAGE) | PROT_RW, 1, 0);
}

/* A copy of its own for the child, which may write to it. */
__noinline static void copy_shared_page(void)
{
	mem_map(SLOT_CHILD, SLOT_CHILD, SHARED_PAGE | PROT_RW, SHARED_PAGE | MAP_COPY | MAP_REPLACE,
		1);
}

/* The child's end comes as a bit of the bound notification. */
__noinline static struct result destroy_child(void)
{
	handle_drop(SLOT_CHILD, DROP_DESTROY);
	handle_drop(SLOT_REPLY, 0);
	return ipc_recv(SLOT_ENDPOINT, SLOT_REPLY, TIMEOUT_NEVER);
}

__noinline static struct result answer(u32 word)
{
	return ipc_reply_recv(SLOT_REPLY, SLOT_ENDPOINT, TAG(0u, 1u, 0u), word, 0, TIMEOUT_NEVER);
}

static struct result serve(const struct result *message)
{
	u32 address = message->word0;

	if (!(message->tag & TAG_FAULT))
		return TAG_LABEL(message->tag) == CALL_ADD ? answer(message->word0 + message->word1)
							   : destroy_child();
	if (ALIGN_DOWN(address, PAGE) == SHARED_PAGE)
		copy_shared_page();
	else
		bring_new_page(address);
	return answer(0);
}

__noinline static void look_at_the_end(void)
{
	handle_drop(SLOT_CHILD, 0);
	handle_drop(SLOT_CHILD_THREAD, 0);
	handle_drop(SLOT_CHILD_PARENT, 0);
}

/* Only pages that are there can be given. */
static u32 give(const char *from, const char *to, u32 prot, u32 operation)
{
	u32 start = (u32)(uintptr_t)from;

	for (const char *page = from; page < to; page += PAGE)
		(void)READ_ONCE(*page);
	return mem_map(SLOT_CHILD, 0, start | prot, start | operation, (u32)(to - from) / PAGE)
		.error;
}

static u32 give_pages(void)
{
	u32 error = give(program_text, program_rodata, PROT_READ | PROT_EXEC, MAP_MAP);

	if (!error)
		error = give(program_rodata, program_data, PROT_READ, MAP_MAP);
	if (!error)
		error = give(program_data, program_end, PROT_RW, MAP_COPY);
	if (!error)
		error = mem_alloc(0, 0, SHARED_PAGE | PROT_RW, 1, 0).error;
	if (error)
		return error;
	WORD(SHARED_PAGE) = 7;
	return mem_map(SLOT_CHILD, 0, SHARED_PAGE | PROT_READ, SHARED_PAGE | MAP_SHARE, 1).error;
}

static u32 start_child(void)
{
	const char *arguments[] = { "tour", IN_CHILD };
	u32 stack, error = child_begin();

	if (!error)
		error = child_make(CHILD_LIMIT);
	if (!error)
		error = give_pages();
	if (!error)
		error = load_stack(SLOT_CHILD, ARRAY_SIZE(arguments), arguments, &stack);
	return error ? error : child_start((u32)(uintptr_t)_start, stack);
}

int main(int argc, char **argv)
{
	struct result message;
	u32 error;

	if (argc > 1 && !strcmp(argv[1], IN_CHILD))
		return run_child();
	error = start_child();
	if (error) {
		printf("tour: no child: %s\n", error_name(error));
		return 1;
	}
	message = ipc_recv(SLOT_ENDPOINT, SLOT_REPLY, TIMEOUT_NEVER);
	while (!message.error && !(message.tag & TAG_NOTE))
		message = serve(&message);
	look_at_the_end();
	return (int)message.error;
}
