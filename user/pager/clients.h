/*
 * Who the pager serves, and what each one may touch: regions, the heap's end, what it died of.
 * Nothing here calls the kernel.
 */
#ifndef USER_PAGER_CLIENTS_H
#define USER_PAGER_CLIENTS_H

#include "user/lib/protocol/pager.h"

#define CLIENTS (PIDS + SERVERS)
#define CLIENT_NONE CLIENTS

struct region {
	u32 start, end, prot, kind;
	/* All its pages lie in [low, high), which is empty if there are none: fork looks there. */
	u32 low, high;
	u32 next, batch; /* where the next fault of a sweep would be; pages that it would get */
};

struct client {
	bool used;
	bool ended; /* its task was destroyed here; `death` says why */
	u32 note;   /* what proc wants to be told again after its restart */
	bool has_status;
	u32 status; /* the same, of one that has ended */
	u32 heap_end;
	u32 regions;
	struct region region[PAGER_REGIONS]; /* in order of address */
	struct pager_death death;
};

/* The client's number by its badge; CLIENT_NONE: no badge of a client. */
u32 client_number(u32 badge);
struct client *client_at(u32 number);

/*
 * Regions as PAGER_ADOPT has them, three words each.  EINVAL: one is empty, not page aligned, not
 * in user space, has rights that no page can have, or overlaps another.  The client is used then.
 */
u32 client_define(struct client *client, u32 note, u32 regions, const u32 *words);
/* One that has ended, with its status; used from now on, if it was not. */
void client_remember(struct client *client, u32 note, u32 status);
/* The child's pages are the parent's. */
void client_fork(const struct client *parent, struct client *child, u32 note);

/* The region of an address, and of a heap below its end; NULL. */
struct region *client_region(struct client *client, u32 address);

/* What is to be done about a page fault. */
enum verdict {
	FAULT_BRING, /* a page of zeros */
	FAULT_COPY,  /* the page is shared: a copy, or the right if nobody else has it */
	FAULT_AGAIN, /* another thread's fault has brought it meanwhile */
	FAULT_DEATH
};
/* `region` is NULL or the address's; `label` as the kernel told it. */
enum verdict client_judge(const struct region *region, u32 label);

/*
 * How many pages from `page` on are to be brought: one, and more the longer the faults sweep
 * through a heap page by page.
 */
u32 region_batch(const struct client *client, struct region *region, u32 page);
/* [page, end) has been brought. */
void region_brought(struct region *region, u32 page, u32 end);

/*
 * Moves the end of the heap.  0 or EINVAL (no heap, outside of it); [*unmap, *unmap_end): pages
 * that are to go.
 */
u32 client_break(struct client *client, u32 end, u32 *unmap, u32 *unmap_end);

/*
 * Ranges of the parent's pages: regions with pages, neighbours together that are treated alike.
 * *region is where to go on, first 0.  False: no more.
 */
enum span_kind {
	SPAN_PRIVATE, /* shared until one of the two writes */
	SPAN_COPIED,  /* both write at once, when fork returns: a small stack */
	SPAN_SHARED   /* both write to the same pages */
};
struct span {
	u32 start, end;
	enum span_kind kind;
};
bool client_next_span(const struct client *client, u32 *region, struct span *span);

#endif
