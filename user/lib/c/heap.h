/*
 * The blocks of malloc, without a word about where memory comes from.  Free blocks form a list in
 * the order of their addresses; neighbours are joined, and the first that is large enough is taken.
 */
#ifndef USER_LIB_C_HEAP_H
#define USER_LIB_C_HEAP_H

#include "lib/types.h"

struct heap_block;
struct heap {
	struct heap_block *first; /* of the free ones */
	/* More memory, at least `bytes`, aligned as pointers are; NULL: there is none. */
	void *(*more)(size_t bytes);
};

#define HEAP_CHUNK 0x10000u /* bytes that are asked for at least */

/* NULL: no memory.  Aligned to two pointers. */
void *heap_take(struct heap *heap, size_t size);
void heap_give(struct heap *heap, void *taken);
/* Bytes that may be used, at least those that were asked for. */
size_t heap_room(const void *taken);

#endif
