/* malloc and its kin on the heap that the pager grows; a program without pager has none. */
#include "lib/compiler.h"
#include "lib/string.h"
#include "user/lib/ask.h"
#include "user/lib/c/heap.h"
#include "user/lib/c/stdlib.h"
#include "user/lib/c/unistd.h"
#include "user/lib/layout.h"
#include "user/lib/posix/descriptor.h"
#include "user/lib/protocol/pager.h"

static u32 set_break(u32 address, u32 *end)
{
	struct ask request = { .label = PAGER_BREAK, .word = { address } };
	u32 error = ask(SLOT_PAGER, &request);

	*end = request.word0;
	return error;
}

void *sbrk(int bytes)
{
	static u32 end;
	u32 old, error = 0;

	if (!end)
		error = set_break(0, &end);
	old = end;
	if (!error && bytes)
		error = set_break(old + (u32)bytes, &end);
	if (!error)
		return (void *)(uintptr_t)old;
	end = old;
	failed(error == EBADH ? ENOMEM : error);
	return (void *)-1;
}

static void *more(size_t bytes)
{
	void *start = sbrk((int)bytes);

	return start == (void *)-1 ? NULL : start;
}

static struct heap heap = { .more = more };

void *malloc(size_t size)
{
	void *block = heap_take(&heap, size);

	if (!block)
		errno = ENOMEM;
	return block;
}

void free(void *block)
{
	if (block)
		heap_give(&heap, block);
}

void *calloc(size_t count, size_t size)
{
	u64 bytes = (u64)count * size;
	void *block = bytes > 0xFFFFFFFFu ? NULL : malloc((size_t)bytes);

	if (!block)
		errno = ENOMEM;
	else
		memset(block, 0, (size_t)bytes);
	return block;
}

void *realloc(void *block, size_t size)
{
	void *larger;

	if (!block)
		return malloc(size);
	if (heap_room(block) >= size)
		return block;
	larger = malloc(size);
	if (!larger)
		return NULL;
	memcpy(larger, block, MIN(heap_room(block), size));
	free(block);
	return larger;
}
