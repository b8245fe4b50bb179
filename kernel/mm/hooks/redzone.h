/*
 * What stands around objects and in free ones (debug build; otherwise all of this is nothing).
 *
 * Behind each object of a cache lies a red zone that nobody may write to; it begins where the size
 * asked for ends, so that one byte too many is seen when the object is freed.  A free object is
 * filled, and looked at when it is handed out or its page is given back: whoever wrote to it after
 * it was freed is found then.  The page's own padding, between header and first object, likewise.
 */
#ifndef MM_HOOKS_REDZONE_H
#define MM_HOOKS_REDZONE_H

#include "lib/compiler.h"
#include "lib/types.h"

#ifdef CONFIG_DEBUG

/* Of a cache: bytes behind each object, a multiple of its alignment. */
struct redzone {
	u32 bytes;
};

void redzone_set(struct redzone *redzone, u32 align);
static inline u32 redzone_bytes(const struct redzone *redzone) { return redzone->bytes; }

/*
 * `size`: of the cache's objects; `asked`: what the owner may use of it; `stride`: size and red
 * zone; `name`: the cache's.
 */
void object_taken(void *object, u32 size, u32 stride, const char *name);
void object_asked(void *object, u32 asked, u32 stride);
void object_freed(void *object, u32 stride, const char *name);

/*
 * A new page: everything in it but its first `header` bytes is filled.  And before it is given
 * back.
 */
void object_page_made(void *page, u32 header);
void object_page_dropped(const void *page, u32 header, const char *name);

#else

struct redzone {
};

static inline void redzone_set(__maybe_unused struct redzone *redzone, __maybe_unused u32 align) {}
static inline u32 redzone_bytes(__maybe_unused const struct redzone *redzone) { return 0; }
static inline void object_taken(__maybe_unused void *object, __maybe_unused u32 size,
	__maybe_unused u32 stride, __maybe_unused const char *name)
{
}
static inline void object_asked(
	__maybe_unused void *object, __maybe_unused u32 asked, __maybe_unused u32 stride)
{
}
static inline void object_freed(
	__maybe_unused void *object, __maybe_unused u32 stride, __maybe_unused const char *name)
{
}
static inline void object_page_made(__maybe_unused void *page, __maybe_unused u32 header) {}
static inline void object_page_dropped(
	__maybe_unused const void *page, __maybe_unused u32 header, __maybe_unused const char *name)
{
}

#endif
#endif
