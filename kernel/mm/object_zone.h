/*
 * What stands around objects and in free ones (debug build; otherwise all of this is nothing).
 *
 * Behind each object of a cache lies a zone that nobody may write to; it begins where the size asked for ends, so that one byte
 * too many is seen when the object is freed.  A free object is filled, and looked at when it is handed out or its page is given
 * back: whoever wrote to it after it was freed is found then.  The page's own padding, between header and first object, likewise.
 */
#ifndef MM_OBJECT_ZONE_H
#define MM_OBJECT_ZONE_H

#include "lib/types.h"

#ifdef CONFIG_DEBUG

/* Of a cache: bytes behind each object, a multiple of its alignment. */
struct object_zone {
	u32 bytes;
};

void zone_set(struct object_zone *zone, u32 align);
static inline u32 zone_bytes(const struct object_zone *zone) { return zone->bytes; }

/* `size`: of the cache's objects; `asked`: what the owner may use of it; `stride`: size and zone; `name`: the cache's. */
void object_taken(void *object, u32 size, u32 stride, const char *name);
void object_asked(void *object, u32 asked, u32 stride);
void object_freed(void *object, u32 stride, const char *name);

/* A new page: everything in it but its first `header` bytes is filled.  And before it is given back. */
void object_page_made(void *page, u32 header);
void object_page_dropped(const void *page, u32 header, const char *name);

#else

struct object_zone {
};

static inline void zone_set(struct object_zone *zone, u32 align) { (void)zone; (void)align; }
static inline u32 zone_bytes(const struct object_zone *zone) { (void)zone; return 0; }
static inline void object_taken(void *object, u32 size, u32 stride, const char *name)
{
	(void)object; (void)size; (void)stride; (void)name;
}
static inline void object_asked(void *object, u32 asked, u32 stride) { (void)object; (void)asked; (void)stride; }
static inline void object_freed(void *object, u32 stride, const char *name) { (void)object; (void)stride; (void)name; }
static inline void object_page_made(void *page, u32 header) { (void)page; (void)header; }
static inline void object_page_dropped(const void *page, u32 header, const char *name) { (void)page; (void)header; (void)name; }

#endif
#endif
