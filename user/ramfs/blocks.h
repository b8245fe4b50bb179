/*
 * The store: memory that root holds, so that it outlives this server, in blocks of a page.  The
 * first of them hold records (node.h, open.h); the others are taken and freed.  Which are free is
 * not written down in the store: a restarted server finds out by the files.
 */
#ifndef USER_RAMFS_BLOCKS_H
#define USER_RAMFS_BLOCKS_H

#include "user/lib/protocol/root.h"

#define BLOCK 4096u
#define PIECE_BLOCKS (STORE_PIECE / BLOCK)
#define BLOCKS_MAX (STORE_PIECES * PIECE_BLOCKS)
#define NODE_BLOCKS 64u /* records of files and folders come first */
#define OPEN_BLOCKS 16u /* then those of open files */
#define RECORD_BLOCKS (NODE_BLOCKS + OPEN_BLOCKS)

/* Asks root for pieces of the store, as ROOT_STORE (protocol/root.h). */
typedef u32 store_function(u32 piece, enum store_request what);

/* Begins with the pieces that there are, at `start`. */
void blocks_begin(u8 *start, store_function *ask);
/* From now on pieces of which no block is in use go: it is known which are. */
void blocks_give_back(void);
/* Blocks there are; how many of them are free. */
u32 blocks_count(void);
u32 blocks_free(void);

void *block_at(u32 block);
/* One full of zeros; 0: there is none. */
u32 block_take(void);
void block_free(u32 block);
/* Of a file found in the store: false if there is no such block, or another file has it. */
bool block_claim(u32 block);

/*
 * The sum of a block or record: each word times an odd number of its own, so that no change of one
 * word, nor two words that change places, leaves it as it was; and that a change of one word
 * changes it by what that word alone says.
 */
u32 sum_of(const void *words, u32 bytes);
static inline u32 sum_change(u32 place, u32 old, u32 new) { return (new - old) * (2 * place + 1); }

#endif
