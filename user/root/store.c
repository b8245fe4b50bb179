/* Pages that are held for ramfs: see store.h. */
#include "user/root/store.h"

#include "lib/compiler.h"
#include "user/lib/calls.h"
#include "user/lib/layout.h"
#include "user/lib/protocol/root.h"
#include "user/root/archive.h"

#define STORE_OWN RAMFS_STORE /* the same place in this task */
#define PIECE_PAGES (STORE_PIECE / PAGE)
#define LEAST 4u /* pieces that there are whatever the machine has */

static bool there[STORE_PIECES];
static u32 count;

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

static u32 show_piece(u32 task, u32 piece)
{
	return show(task, STORE_OWN + piece * STORE_PIECE, RAMFS_STORE + piece * STORE_PIECE,
		PROT_READ | PROT_WRITE, STORE_PIECE);
}

u32 store_give(u32 task)
{
	u32 error = show(task, archive_address(), RAMFS_ARCHIVE, PROT_READ, archive_bytes());

	for (u32 piece = 0; piece < STORE_PIECES && !error; piece++)
		if (there[piece])
			error = show_piece(task, piece);
	return error;
}

/* Files have at most half of the memory, and leave an eighth of it to programs, rm among them. */
static bool may_take(void)
{
	static struct info_system info;
	u32 managed = 0, free = 0;

	sys_info(0, INFO_SYSTEM, 0, (u32)(uintptr_t)&info, sizeof(info));
	for (u32 zone = 0; zone < INFO_ZONES; zone++) {
		managed += info.zone[zone].managed;
		free += info.zone[zone].free + info.zone[zone].cached;
	}
	return count < LEAST || ((count + 1) * PIECE_PAGES <= managed / 2 && free > managed / 8);
}

static void drop(u32 piece)
{
	mem_unmap(0, (STORE_OWN + piece * STORE_PIECE) | UNMAP_REVOKE, PIECE_PAGES);
	count -= there[piece];
	there[piece] = false;
}

static void take(u32 task, u32 piece)
{
	u32 here = STORE_OWN + piece * STORE_PIECE;

	if (there[piece] || !may_take())
		return;
	if (mem_alloc(0, 0, here | PROT_READ | PROT_WRITE, PIECE_PAGES, 0).error ||
		show_piece(task, piece)) {
		drop(piece);
	} else {
		there[piece] = true;
		count++;
	}
}

static u32 look(u32 piece)
{
	while (piece < STORE_PIECES && !there[piece])
		piece++;
	return piece;
}

u32 store_serve(u32 task, u32 piece, u32 request)
{
	if (piece >= STORE_PIECES)
		return request == STORE_LOOK ? STORE_PIECES : 0;
	switch (request) {
	case STORE_LOOK: return look(piece);
	case STORE_TAKE: take(task, piece); break;
	case STORE_DROP: drop(piece); break;
	default: break;
	}
	return there[piece];
}
