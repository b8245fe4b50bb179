/* Blocks of the heap: see heap.h. */
#include "user/lib/c/heap.h"

#include "lib/assert.h"

/* In front of each block.  `next` is used while it is free; else it holds a mark. */
struct heap_block {
	size_t size; /* with this */
	struct heap_block *next;
};

#define HEADER sizeof(struct heap_block)
#define TAKEN ((struct heap_block *)(uintptr_t)0x7A4E3A4Du)
#define SIZE_LIMIT 0x7FFF0000u

static struct heap_block *behind(struct heap_block *block)
{
	return (struct heap_block *)((char *)block + block->size);
}

static struct heap_block *block_of(const void *taken)
{
	struct heap_block *block = (struct heap_block *)((uintptr_t)taken - HEADER);

	ASSERT(block->next == TAKEN, "free or realloc of 0x%lx, which is no block of malloc",
		(unsigned long)(uintptr_t)taken);
	return block;
}

/* The first `size` bytes of *link are taken, what is left stays free. */
static void *cut(struct heap_block **link, size_t size)
{
	struct heap_block *block = *link, *rest;

	if (block->size < size + 2 * HEADER) {
		*link = block->next;
	} else {
		rest = (struct heap_block *)((char *)block + size);
		rest->size = block->size - size;
		rest->next = block->next;
		block->size = size;
		*link = rest;
	}
	block->next = TAKEN;
	return block + 1;
}

static void *find(struct heap *heap, size_t size)
{
	for (struct heap_block **link = &heap->first; *link; link = &(*link)->next)
		if ((*link)->size >= size)
			return cut(link, size);
	return NULL;
}

/* Puts it into the list, and joins it with the free ones on both sides. */
static void make_free(struct heap *heap, struct heap_block *block)
{
	struct heap_block **link = &heap->first, *before = NULL;

	while (*link && *link < block) {
		before = *link;
		link = &before->next;
	}
	block->next = *link;
	if (block->next && behind(block) == block->next) {
		block->size += block->next->size;
		block->next = block->next->next;
	}
	if (before && behind(before) == block) {
		before->size += block->size;
		before->next = block->next;
	} else {
		*link = block;
	}
}

void *heap_take(struct heap *heap, size_t size)
{
	size_t whole = (size + HEADER + HEADER - 1) / HEADER * HEADER;
	struct heap_block *more;
	void *taken;

	if (size > SIZE_LIMIT)
		return NULL;
	whole = whole < 2 * HEADER ? 2 * HEADER : whole;
	taken = find(heap, whole);
	if (taken)
		return taken;
	more = heap->more(whole < HEAP_CHUNK ? HEAP_CHUNK : whole);
	if (!more)
		return NULL;
	more->size = whole < HEAP_CHUNK ? HEAP_CHUNK : whole;
	make_free(heap, more);
	return find(heap, whole);
}

void heap_give(struct heap *heap, void *taken) { make_free(heap, block_of(taken)); }

size_t heap_room(const void *taken) { return block_of(taken)->size - HEADER; }
