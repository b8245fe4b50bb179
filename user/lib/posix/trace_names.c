/* The names of requests, by the slot of the server that they go to: for traces. */
#include "lib/compiler.h"
#include "user/lib/layout.h"
#include "user/lib/posix/trace.h"
#include "user/lib/protocol/con.h"
#include "user/lib/protocol/fs.h"
#include "user/lib/protocol/names.h"
#include "user/lib/protocol/pager.h"
#include "user/lib/protocol/pipe.h"
#include "user/lib/protocol/proc.h"

#define REQUESTS 20u
#define NAMED(request) [request] = #request

/* All of each header: tests/host/test_stubs.py compares. */
static const char *const names[][REQUESTS] = {
	[SLOT_PROC] = { NAMED(PROC_EXIT), NAMED(PROC_FORK), NAMED(PROC_EXEC), NAMED(PROC_SPAWN),
		NAMED(PROC_WAIT), NAMED(PROC_KILL), NAMED(PROC_GROUP), NAMED(PROC_PARENT),
		NAMED(PROC_LIST), NAMED(PROC_POWER), NAMED(PROC_MAPS), NAMED(PROC_FIRST) },
	[SLOT_PAGER] = { NAMED(PAGER_ADOPT), NAMED(PAGER_FORK), NAMED(PAGER_FORGET),
		NAMED(PAGER_BREAK), NAMED(PAGER_NEXT), NAMED(PAGER_KEEP), NAMED(PAGER_KILL),
		NAMED(PAGER_REMEMBER), NAMED(PAGER_RELIEVE) },
	[SLOT_CON] = { NAMED(CON_READ), NAMED(CON_WRITE), NAMED(CON_MODE), NAMED(CON_FRONT),
		NAMED(CON_SIZE), NAMED(CON_INTERRUPTED) },
	[SLOT_FS] = { NAMED(FS_OPEN), NAMED(FS_CLOSE), NAMED(FS_READ), NAMED(FS_READ_AT),
		NAMED(FS_WRITE), NAMED(FS_SEEK), NAMED(FS_STAT), NAMED(FS_ENTRY), NAMED(FS_UNLINK),
		NAMED(FS_MKDIR), NAMED(FS_RENAME), NAMED(FS_TRUNCATE), NAMED(FS_FORK),
		NAMED(FS_EXIT) },
	[SLOT_PIPE] = { NAMED(PIPE_NEW), NAMED(PIPE_CLOSE), NAMED(PIPE_READ), NAMED(PIPE_WRITE),
		NAMED(PIPE_FORK), NAMED(PIPE_EXIT) },
	[SLOT_NAMES] = { NAMED(NAMES_REGISTER), NAMED(NAMES_LOOKUP), NAMED(NAMES_ENTRY) },
};

const char *trace_request(u32 slot, u32 label)
{
	return slot < ARRAY_SIZE(names) && label < REQUESTS ? names[slot][label] : NULL;
}
