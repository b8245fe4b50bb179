/* What stands around objects and in free ones: see redzone.h. */
#include "mm/hooks/redzone.h"

#include "arch/x86/paging/page.h"
#include "lib/assert.h"
#include "lib/string.h"

/*
 * A free object, and padding, hold int3 instructions, as freed pages do (POISON_BYTE); a red zone
 * is told from them.
 */
#define FREE_BYTE 0xCCu
#define REDZONE_BYTE 0xA5u
/* Its last word holds the size asked for, twice, so that an overrun is not taken for one. */
#define REDZONE_MIN 8u

void redzone_set(struct redzone *redzone, u32 align)
{
	redzone->bytes = ALIGN_UP(REDZONE_MIN, align);
}

/* The first byte of the range that is not `byte`; NULL: none. */
static const u8 *first_other(const u8 *start, const u8 *end, u8 byte)
{
	for (; start < end; start++)
		if (*start != byte)
			return start;
	return NULL;
}

/* `address` names the object, or the page if it is padding. */
static void check_free(const u8 *start, const u8 *end, const void *address, const char *name)
{
	const u8 *bad = first_other(start, end, FREE_BYTE);

	INVARIANT(51, !bad, "cache %s: %p was written after it was freed: 0x%02x at offset 0x%x",
		name, address, *bad, (u32)(bad - (const u8 *)address));
}

static u32 *asked_of(void *object, u32 stride) { return (u32 *)((u8 *)object + stride) - 1; }

void object_taken(void *object, u32 size, u32 stride, const char *name)
{
	const u8 *start = object;

	check_free(start, start + stride, object, name);
	object_asked(object, size, stride);
}

void object_asked(void *object, u32 asked, u32 stride)
{
	memset((u8 *)object + asked, REDZONE_BYTE, stride - asked);
	*asked_of(object, stride) = asked << 16 | asked;
}

void object_freed(void *object, u32 stride, const char *name)
{
	u32 word = *asked_of(object, stride), asked = word & 0xFFFF;
	const u8 *start = object, *bad;

	INVARIANT(51, word >> 16 == asked && asked <= stride - sizeof(word),
		"cache %s: the zone behind object %p was written: 0x%08x stands for its size", name,
		object, word);
	bad = first_other(start + asked, (const u8 *)asked_of(object, stride), REDZONE_BYTE);
	INVARIANT(51, !bad, "cache %s: object %p of %u bytes was overrun: 0x%02x at offset %u",
		name, object, asked, *bad, (u32)(bad - start));
	memset(object, FREE_BYTE, stride);
}

void object_page_made(void *page, u32 header)
{
	memset((u8 *)page + header, FREE_BYTE, PAGE_SIZE - header);
}

void object_page_dropped(const void *page, u32 header, const char *name)
{
	const u8 *start = page;

	check_free(start + header, start + PAGE_SIZE, page, name);
}
