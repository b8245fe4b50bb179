/* Registers and back trace: see death.h. */
#include "user/pager/death.h"

#include "lib/string.h"
#include "user/lib/message.h"
#include "user/lib/print.h"
#include "user/pager/memory.h"

#define WINDOW LOAD_WINDOW
#define NOTHING_SHOWN 1u /* no page's address */

/* The page of the client's that the window shows. */
static u32 shown;

static void close_window(void)
{
	if (shown != NOTHING_SHOWN)
		mem_unmap(0, WINDOW, 1);
	shown = NOTHING_SHOWN;
}

static bool show(u32 number, u32 page)
{
	if (page == shown)
		return true;
	close_window();
	if (page < USER_START || page >= USER_END ||
		mem_map(0, client_task(number), WINDOW | PROT_READ, page | MAP_MAP, 1).error)
		return false;
	shown = page;
	return true;
}

static bool read_word(u32 number, u32 address, u32 *word)
{
	if (address % sizeof(u32) || !show(number, ALIGN_DOWN(address, PAGE)))
		return false;
	*word = *(const u32 *)(uintptr_t)(WINDOW + address % PAGE);
	return true;
}

/*
 * Frames as the compiler lays them with frame pointers: the caller's ebp, then the address to
 * return to.  They rise, and the outermost ebp is 0 (crt0.asm).
 */
static void trace(u32 number, struct pager_death *death)
{
	u32 frame = death->registers.ebp, next, address;

	while (frame && death->frames < DEATH_FRAMES && read_word(number, frame, &next) &&
		read_word(number, frame + sizeof(u32), &address) && address) {
		death->frame[death->frames++] = address;
		if (next <= frame)
			break;
		frame = next;
	}
	close_window();
}

/* Nobody else tells the end of a server: those who could are servers themselves. */
static void tell_server(u32 number, const struct pager_death *death)
{
	printf("pager: server %u: ", number - PIDS);
	if (death->error != EFAULT)
		printf("%s, ", error_name(death->error));
	printf("exception %u at 0x%08x, address 0x%08x, from", death->vector, death->registers.eip,
		death->address);
	for (u32 i = 0; i < death->frames; i++)
		printf(" 0x%08x", death->frame[i]);
	printf("\n");
}

void death_by_shortage(u32 number)
{
	client_at(number)->death =
		(struct pager_death){ .vector = VECTOR_PAGE_FAULT, .error = ENOMEM };
}

void death_record(u32 number, const struct request *fault, u32 error)
{
	struct pager_death *death = &client_at(number)->death;

	memset(death, 0, sizeof(*death));
	death->vector = FAULT_VECTOR(fault->label);
	death->address = fault->word[0];
	death->label = fault->label;
	death->error = error;
	death->registers.eip = fault->word[1];
	shown = NOTHING_SHOWN;
	if (!thread_ctl(0, SLOT_REQUEST, THREAD_GETREGS, 0, 0).error) {
		memcpy(&death->registers, message_own(), sizeof(death->registers));
		trace(number, death);
	}
	if (number >= PIDS)
		tell_server(number, death);
}
