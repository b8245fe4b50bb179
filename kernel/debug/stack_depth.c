/* How deep kernel stacks are used: see stack_depth.h. */
#include "kernel/debug/stack_depth.h"

#include "arch/x86/console/console.h"
#include "arch/x86/paging/layout.h"
#include "kernel/debug/bare_lock.h"
#include "lib/string.h"
#include "mm/hooks/stack_depth.h"
#include "mm/objects/kstack.h"

#define FILL_WORD 0x57AC57ACu
/* What stack_depth_boot() leaves below itself, for the functions that it calls. */
#define BOOT_MARGIN 512u
#define OWNER_SIZE 16u

/* Stacks in use.  One that finds no room is looked at when it is gone, but not named. */
#define MAX_STACKS 256u
static struct stack_use {
	uintptr_t bottom; /* 0: none */
	char owner[OWNER_SIZE];
} stacks[MAX_STACKS];

static struct {
	u32 bytes;
	char owner[OWNER_SIZE];
} deepest;
static atomic_t stacks_lock = ATOMIC_INIT(0); /* both */

static void fill(uintptr_t start, uintptr_t end)
{
	for (u32 *word = (u32 *)start; word < (u32 *)end; word++)
		*word = FILL_WORD;
}

static u32 depth_of(uintptr_t bottom)
{
	const u32 *word = (const u32 *)bottom, *top = (const u32 *)(bottom + KERNEL_STACK_SIZE);

	while (word < top && *word == FILL_WORD)
		word++;
	return (u32)((uintptr_t)top - (uintptr_t)word);
}

/* Lock held: the entry of the stack, or with 0 a free one; NULL: none. */
static struct stack_use *find(uintptr_t bottom)
{
	for (u32 i = 0; i < MAX_STACKS; i++)
		if (stacks[i].bottom == bottom)
			return &stacks[i];
	return NULL;
}

static void enter(uintptr_t bottom, const char *owner)
{
	u32 flags = bare_lock(&stacks_lock);
	struct stack_use *use = find(0);

	if (use) {
		use->bottom = bottom;
		strlcpy(use->owner, owner, sizeof(use->owner));
	}
	bare_unlock(&stacks_lock, flags);
}

void stack_depth_made(uintptr_t bottom, const char *owner)
{
	fill(bottom, bottom + KERNEL_STACK_SIZE);
	enter(bottom, owner);
}

void stack_depth_boot(void)
{
	fill((uintptr_t)boot_stack, (uintptr_t)__builtin_frame_address(0) - BOOT_MARGIN);
	enter((uintptr_t)boot_stack, "boot");
}

/* Lock held. */
static void note(uintptr_t bottom, const char *owner)
{
	u32 depth = depth_of(bottom);

	if (depth <= deepest.bytes)
		return;
	deepest.bytes = depth;
	strlcpy(deepest.owner, owner, sizeof(deepest.owner));
}

void stack_depth_gone(uintptr_t bottom)
{
	u32 flags = bare_lock(&stacks_lock);
	struct stack_use *use = find(bottom);

	note(bottom, use ? use->owner : "unnamed");
	if (use)
		use->bottom = 0;
	bare_unlock(&stacks_lock, flags);
}

/* One stack at a time: interrupts are off while the lock is held. */
static void note_living(struct stack_use *use)
{
	u32 flags = bare_lock(&stacks_lock);

	if (use->bottom)
		note(use->bottom, use->owner);
	bare_unlock(&stacks_lock, flags);
}

void stack_depth_report(void)
{
	for (u32 i = 0; i < MAX_STACKS; i++)
		note_living(&stacks[i]);
	console_printf("# deepest kernel stack: %u of %u bytes, thread %s\n", deepest.bytes,
		(u32)KERNEL_STACK_SIZE, deepest.owner);
}
