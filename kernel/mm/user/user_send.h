/*
 * Pages in messages: a range mapped or granted as a whole, or not at all.
 */
#ifndef MM_USER_SEND_H
#define MM_USER_SEND_H

#include "mm/user/user_map.h"

/* Pages in one item of a message. */
#define SEND_PAGES_MAX 64u

struct page_item {
	struct range from, to; /* of the same length, at most SEND_PAGES_MAX */
	u32 prot;
	bool grant;
};

/*
 * All items, or none: 0, or what user_map() and user_grant() return; -EEXIST: a place at the
 * receiver is taken; -ENOMEM also: the frames have more mappings together than are looked at in one
 * hold of maps_lock.  May sleep.
 */
int user_send(const struct page_item *items, u32 n);

#endif
