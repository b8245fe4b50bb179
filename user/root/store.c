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
#define LEFT_FREE 16u         /* one part of so many of the memory */

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

/* Files leave some for programs: else nobody could start what removes them. */
static bool is_room(void)
{
	static struct info_system info;
	u32 managed = 0, free = 0;

	sys_info(0, INFO_SYSTEM, 0, (u32)(uintptr_t)&info, sizeof(info));
	for (u32 i = 0; i < INFO_ZONES; i++) {
		managed += info.zone[i].managed;
		free += info.zone[i].free;
	}
	return free > managed / LEFT_FREE;
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
	while (store_bytes < MIN(bytes, STORE_MAX) && is_room() && !add_piece(task))
		continue;
	return store_bytes;
}
