/* Pages that are held for ramfs: see store.h. */
#include "user/root/store.h"

#include "lib/compiler.h"
#include "user/lib/calls.h"
#include "user/lib/layout.h"
#include "user/lib/protocol/root.h"
#include "user/root/archive.h"

#define STORE_OWN RAMFS_STORE /* the same place in this task */
#define STORE_MAX 0x18000000u /* bytes */
#define PIECE 64u             /* pages: the store grows by so many */

static u32 store_bytes;

/* Maps `bytes` from `source` on. */
static u32 show(u32 task, u32 source, u32 place, u32 prot, u32 bytes)
{
	u32 error = 0;

	for (u32 done = 0; done < bytes && !error; done += RANGE_MAX * PAGE)
		error = mem_map(task, 0, (place + done) | prot, (source + done) | MAP_MAP,
			(MIN(bytes - done, RANGE_MAX * PAGE) + PAGE - 1) / PAGE)
				.error;
	return error;
}

u32 store_give(u32 task)
{
	u32 error = show(task, archive_address(), RAMFS_ARCHIVE, PROT_READ, archive_bytes());

	return error ? error
		     : show(task, STORE_OWN, RAMFS_STORE, PROT_READ | PROT_WRITE, store_bytes);
}

static u32 add_piece(u32 task)
{
	u32 here = STORE_OWN + store_bytes, there = RAMFS_STORE + store_bytes;
	u32 error = mem_alloc(0, 0, here | PROT_READ | PROT_WRITE, PIECE, 0).error;

	if (!error)
		error = show(task, here, there, PROT_READ | PROT_WRITE, PIECE * PAGE);
	if (error)
		mem_unmap(0, here, PIECE);
	else
		store_bytes += PIECE * PAGE;
	return error;
}

u32 store_grow(u32 task, u32 bytes)
{
	while (store_bytes < MIN(bytes, STORE_MAX) && !add_piece(task))
		continue;
	return store_bytes;
}
