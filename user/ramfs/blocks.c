/* Blocks of the store: see blocks.h. */
#include "user/ramfs/blocks.h"

#include "lib/assert.h"
#include "lib/bitops.h"
#include "lib/string.h"

static struct {
	u8 *start;
	u32 count, free;
	u32 next; /* where the search for a free one goes on */
	store_function *ask;
	bool gives_back;
	bool there[STORE_PIECES];
	u32 used[BLOCKS_MAX / 32]; /* as are those that are not there */
} store;

static void add_piece(u32 piece)
{
	store.there[piece] = true;
	store.count += PIECE_BLOCKS;
	for (u32 block = piece * PIECE_BLOCKS; block < (piece + 1) * PIECE_BLOCKS; block++)
		if (block >= RECORD_BLOCKS) {
			bit_clear(store.used, block);
			store.free++;
		}
}

static bool take_piece(u32 piece)
{
	if (!store.there[piece] && store.ask(piece, STORE_TAKE))
		add_piece(piece);
	return store.there[piece];
}

void blocks_begin(u8 *start, store_function *ask)
{
	memset(&store, 0, sizeof(store));
	memset(store.used, 0xFF, sizeof(store.used));
	store.start = start;
	store.ask = ask;
	for (u32 i = ask(0, STORE_LOOK); i < STORE_PIECES; i = ask(i + 1, STORE_LOOK))
		add_piece(i);
	for (u32 i = 0; i * PIECE_BLOCKS < RECORD_BLOCKS && take_piece(i); i++)
		continue;
}

u32 blocks_count(void) { return store.count; }
u32 blocks_free(void) { return store.free; }

void *block_at(u32 block)
{
	ASSERT(block < BLOCKS_MAX && store.there[block / PIECE_BLOCKS], "no block %u", block);
	return store.start + block * BLOCK;
}

static bool is_block_of_files(u32 block) { return block >= RECORD_BLOCKS && block < BLOCKS_MAX; }

static void grow(void)
{
	u32 piece = 0;

	while (piece < STORE_PIECES && store.there[piece])
		piece++;
	if (piece < STORE_PIECES && take_piece(piece))
		store.next = piece * PIECE_BLOCKS;
}

/* There is one. */
static u32 find_free(void)
{
	while (bit_test(store.used, store.next)) {
		bool none = store.next % 32 == 0 && store.used[store.next / 32] == ~0u;

		store.next = (store.next + (none ? 32 : 1)) % BLOCKS_MAX;
	}
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

/* As many blocks stay free as the next piece would have. */
static void drop_if_unused(u32 piece)
{
	u32 *used = &store.used[piece * PIECE_BLOCKS / 32];

	if (!store.gives_back || store.free < 2 * PIECE_BLOCKS || used[0] || used[1] ||
		store.ask(piece, STORE_DROP))
		return;
	used[0] = used[1] = ~0u;
	store.there[piece] = false;
	store.count -= PIECE_BLOCKS;
	store.free -= PIECE_BLOCKS;
}

_Static_assert(PIECE_BLOCKS == 64, "two words");

void blocks_give_back(void)
{
	store.gives_back = true;
	for (u32 piece = 0; piece < STORE_PIECES; piece++)
		drop_if_unused(piece);
}

void block_free(u32 block)
{
	ASSERT(is_block_of_files(block) && store.there[block / PIECE_BLOCKS] &&
			bit_test(store.used, block),
		"block %u is not in use", block);
	bit_clear(store.used, block);
	store.free++;
	drop_if_unused(block / PIECE_BLOCKS);
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
