/* Blocks of the store: see blocks.h. */
#include "user/ramfs/blocks.h"

#include "lib/assert.h"
#include "lib/bitops.h"
#include "lib/string.h"

#define GROW (64u * BLOCK) /* bytes */

static struct {
	u8 *start;
	u32 count, free;
	u32 next; /* where the search for a free one goes on */
	u32 (*grow)(u32 bytes);
	u32 used[BLOCKS_MAX / 32];
} store;

void blocks_begin(u8 *start, u32 bytes, u32 (*grow)(u32 bytes))
{
	memset(&store, 0, sizeof(store));
	store.start = start;
	store.count = MIN(bytes / BLOCK, BLOCKS_MAX);
	store.grow = grow;
	store.next = RECORD_BLOCKS;
	store.free = store.count > RECORD_BLOCKS ? store.count - RECORD_BLOCKS : 0;
}

u32 blocks_count(void) { return store.count; }
u32 blocks_free(void) { return store.free; }

void *block_at(u32 block)
{
	ASSERT(block < store.count, "block %u of %u", block, store.count);
	return store.start + block * BLOCK;
}

static bool is_block_of_files(u32 block) { return block >= RECORD_BLOCKS && block < store.count; }

static void grow(void)
{
	u32 count = MIN(store.grow(store.count * BLOCK + GROW) / BLOCK, BLOCKS_MAX);

	if (count <= store.count)
		return;
	store.free += count - store.count;
	store.next = store.count;
	store.count = count;
}

/* There is one. */
static u32 find_free(void)
{
	while (bit_test(store.used, store.next))
		store.next = store.next + 1 < store.count ? store.next + 1 : RECORD_BLOCKS;
	return store.next;
}

u32 block_take(void)
{
	u32 block;

	if (!store.free)
		grow();
	if (!store.free)
		return 0;
	block = find_free();
	bit_set(store.used, block);
	store.free--;
	memset(block_at(block), 0, BLOCK);
	return block;
}

void block_free(u32 block)
{
	ASSERT(is_block_of_files(block) && bit_test(store.used, block), "block %u is not in use",
		block);
	bit_clear(store.used, block);
	store.free++;
}

bool block_claim(u32 block)
{
	if (!is_block_of_files(block) || bit_test(store.used, block))
		return false;
	bit_set(store.used, block);
	store.free--;
	return true;
}

u32 sum_of(const void *words, u32 bytes)
{
	const u32 *word = words;
	u32 sum = 0;

	for (u32 i = 0; i < bytes / sizeof(u32); i++)
		sum += sum_change(i, 0, word[i]);
	return sum;
}
