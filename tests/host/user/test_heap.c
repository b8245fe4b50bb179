/* user/lib/c/heap.c: blocks stay apart, keep their bytes, and become one again. */
#include "host.h"
#include "user/lib/c/heap.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROOM 0x200000u
#define BLOCKS 200u

static u8 room[ROOM] __attribute__((aligned(16)));
static u32 given;

static void *more(size_t bytes)
{
	void *start = room + given;

	if (bytes > ROOM - given)
		return NULL;
	given += (u32)bytes;
	return start;
}

struct taken {
	u8 *start;
	u32 size;
	u8 byte;
};

static void check(const struct taken *taken)
{
	for (u32 i = 0; i < taken->size; i++)
		CHECK(taken->start[i] == taken->byte, "byte %u of a block of %u is %u, not %u", i,
			taken->size, taken->start[i], taken->byte);
}

static void take(struct heap *heap, struct taken *taken)
{
	taken->size = one_in(10) ? random_below(0x20000) : random_below(300);
	taken->byte = (u8)random_u32();
	taken->start = heap_take(heap, taken->size);
	if (!taken->start)
		return;
	CHECK(IS_ALIGNED((uintptr_t)taken->start, 2 * sizeof(void *)), "%p", (void *)taken->start);
	CHECK(taken->start >= room && taken->start + taken->size <= room + given, "outside");
	CHECK(heap_room(taken->start) >= taken->size, "room %zu", heap_room(taken->start));
	memset(taken->start, taken->byte, taken->size);
}

static void give(struct heap *heap, struct taken *taken)
{
	check(taken);
	heap_give(heap, taken->start);
	taken->start = NULL;
}

static void random_blocks(void **state)
{
	static struct taken taken[BLOCKS];
	struct heap heap = { .more = more };

	(void)state;
	random_begin(71);
	given = 0;
	for (test_step = 0; test_step < rounds(40000); test_step++) {
		struct taken *one = &taken[random_below(BLOCKS)];

		if (one->start)
			give(&heap, one);
		else
			take(&heap, one);
	}
	for (u32 i = 0; i < BLOCKS; i++)
		if (taken[i].start)
			give(&heap, &taken[i]);
	/* All neighbours are joined: one block has all that was ever given. */
	CHECK(heap_take(&heap, given - 2 * sizeof(void *)), "0x%x bytes do not stand together",
		given);
}

static void limits(void **state)
{
	struct heap heap = { .more = more };

	(void)state;
	given = 0;
	CHECK(!heap_take(&heap, ROOM), "more than there is");
	CHECK(!heap_take(&heap, 0xFFFFFFF8u), "a size that would wrap around");
	CHECK(heap_take(&heap, 0) != heap_take(&heap, 0), "two blocks of no bytes");
	EXPECT_PANIC(0, "no block of malloc", heap_give(&heap, room + 64));
}

const struct CMUnitTest heap_tests[] = {
	cmocka_unit_test(random_blocks),
	cmocka_unit_test(limits),
};
const size_t heap_test_count = ARRAY_SIZE(heap_tests);
