/* Messages to pager.  Faults come from the kernel, with the badge of the client's pager handle. */
#ifndef USER_LIB_PROTOCOL_PAGER_H
#define USER_LIB_PROTOCOL_PAGER_H

#include "user/lib/protocol/protocol.h"

enum pager_request {
	/*
	 * Servers only.  A client: word 0 = its badge, word 1 = note << 8 | regions; from word 2
	 * on, for each region, three words of struct pager_region; item HANDLE: its task, with
	 * manage and grant.  A client of this badge that is there already is forgotten first
	 * (exec).
	 */
	PAGER_ADOPT = 1,
	/* Servers only.  Word 0 = parent's badge, word 1 = child's, word 2 = its note; item HANDLE:
	   the child's task. */
	PAGER_FORK,
	PAGER_FORGET, /* servers only.  Word 0 = badge of a client that is no more. */
	/* Word 0 = new end of the caller's heap, 0: only ask.  Answer: word 0 = the end. */
	PAGER_BREAK,
	/*
	 * proc only, after its restart: the first client with a pid above word 0.  Answer: word 0 =
	 * pid (0: no more), with NEXT_HAS_STATUS if PAGER_REMEMBER told one; word 1 = its note, its
	 * status << 24; item HANDLE: its task, none if that has ended.
	 */
	PAGER_NEXT,
	/* proc only.  Word 0 = pid, word 1 = its note from now on, 24 bits, for PAGER_NEXT. */
	PAGER_KEEP,
	/* proc only.  Word 0 = badge of a server, whose task is destroyed. */
	PAGER_KILL,
	/*
	 * proc only.  Word 0 = pid, word 1 = note | status << 24: how it ended, kept until
	 * PAGER_FORGET, also of a client that is forgotten already.  Answer: word 0 = vector of the
	 * exception that it died of, and then a struct pager_death as string; else ~0, no string.
	 */
	PAGER_REMEMBER,
	/*
	 * Servers only, when there was no memory: the process that has most is ended.  Word 0 =
	 * badge of who wanted the memory, which is not ended for itself (ESRCH), 0: nobody; word 1
	 * = pid of who has been ended before and is gone.  Answer: word 0 = pid, also of one that
	 * was ended a moment ago and may be on its way out.
	 */
	PAGER_RELIEVE,
};

#define NEXT_HAS_STATUS 0x100u
#define NOTE_MASK 0xFFFFFFu
#define NOTE_STATUS 24u /* shift */

/*
 * Pages that are not there are brought, as zeros, when they are first touched.  At first there are
 * all of a FILE, the topmost of a STACK, none of the others.
 */
enum region_kind { REGION_ZERO, REGION_STACK, REGION_HEAP, REGION_SHARED, REGION_FILE };

struct pager_region {
	u32 start, end; /* addresses, page aligned; of a stack or heap: as far as it may grow */
	u32 prot_kind;  /* prot | kind << 8 */
};
#define PAGER_REGIONS 20u

#define DEATH_FRAMES 16u
struct pager_death {
	u32 vector;
	u32 address; /* of a page fault */
	u32 label;   /* as the kernel told it (FAULT_WRITE and so on); 0, ENOMEM: it did nothing */
	u32 error;   /* EFAULT: it may not; ENOMEM, EQUOTA: there was no page for it */
	struct registers registers;
	u32 frames;
	u32 frame[DEATH_FRAMES]; /* return addresses, innermost first */
};

#endif
