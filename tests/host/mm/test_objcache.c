/* Object caches against a list of what is out: no overlap, zeroed, empty pages go back. */
#include "fake/machine.h"
#include "host.h"

#include "mm/boot/ram_layout.h"
#include "mm/objects/objcache.h"
#include "mm/pages/page_alloc.h"
#include "tests/checkers/page_counts.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define OBJECTS_MAX 2000u
#define CACHES 6u

static struct {
	u8 *at;
	u32 size; /* as asked for */
	u8 fill;
	struct object_cache *cache; /* NULL: kmalloc */
} object[OBJECTS_MAX];
static u32 objects;
static struct object_cache cache[CACHES];
static u32 cache_size[CACHES], cache_align[CACHES];

static void remember(u8 *at, u32 size, struct object_cache *from)
{
	CHECK(virt_to_pfn(at) < max_low_pfn, "object at %p", (void *)at);
	CHECK((virt_to_phys(at) & (PAGE_SIZE - 1)) + size <= PAGE_SIZE, "%p: %u bytes cross a page",
		(void *)at, size);
	for (u32 i = 0; i < size; i++)
		CHECK(!at[i], "byte %u of a new object is 0x%x", i, at[i]);
	object[objects].at = at;
	object[objects].size = size;
	object[objects].cache = from;
	object[objects].fill = (u8)(1 + random_below(255));
	memset(at, object[objects].fill, size);
	objects++;
}

static void forget(u32 i)
{
	for (u32 n = 0; n < object[i].size; n++)
		CHECK(object[i].at[n] == object[i].fill,
			"byte %u of an object of %u was overwritten", n, object[i].size);
	if (object[i].cache)
		object_free(object[i].cache, object[i].at);
	else
		kfree(object[i].at);
	object[i] = object[--objects];
}

static void random_alloc(void)
{
	u32 i = random_below(2 * CACHES), gfp = one_in(2) ? GFP_KERNEL : GFP_ATOMIC;
	u32 size = i < CACHES ? cache_size[i] : 1 + random_below(one_in(3) ? 2048 : 200);
	u8 *at = i < CACHES ? object_alloc(&cache[i], gfp) : kmalloc(size, gfp);

	CHECK(at, "no memory for %u bytes", size);
	remember(at, size, i < CACHES ? &cache[i] : NULL);
	if (i < CACHES)
		CHECK(IS_ALIGNED((uintptr_t)at, cache_align[i]), "%p, alignment %u", (void *)at,
			cache_align[i]);
}

static u32 pages_in(const struct list *list)
{
	u32 n = 0;

	list_for_each(node, list)
		n++;
	return n;
}

/* One empty page at most, behind those that are partly used. */
static void check_empty_pages(const struct object_cache *c)
{
	u32 empty = 0;

	list_for_each(node, &c->partial) {
		const struct page *page = list_entry(node, struct page, list);
		const u32 *free = lowmem_page_address(page); /* the header's first word */

		CHECK(*free > 0 && *free <= c->per_page, "%u of %u are free", *free, c->per_page);
		CHECK(!empty || *free == c->per_page, "a page in use lies behind an empty one");
		empty += *free == c->per_page;
	}
	list_for_each(node, &c->full)
		CHECK_EQUAL(*(u32 *)lowmem_page_address(list_entry(node, struct page, list)), 0);
	CHECK_EQUAL(c->empty, empty);
	CHECK(empty <= 1, "%u pages are empty", empty);
}

static void check_caches(void)
{
	for (u32 c = 0; c < CACHES; c++) {
		u32 out = 0;

		for (u32 i = 0; i < objects; i++)
			out += object[i].cache == &cache[c];
		CHECK_EQUAL(cache[c].in_use, out);
		CHECK_EQUAL(cache[c].pages, pages_in(&cache[c].partial) + pages_in(&cache[c].full));
		CHECK(cache[c].in_use <= cache[c].pages * cache[c].per_page, "cache %u", c);
		check_empty_pages(&cache[c]);
	}
}

static void random_sequences(void **state)
{
	u32 free, aligns[] = { 8, 16, 64, 1024 };

	(void)state;
	random_begin(12);
	machine_start(MACHINE_CPUS, 16, 4, 7);
	objects = 0;
	free = nr_free_pages() + nr_percpu_pages();
	for (u32 i = 0; i < CACHES; i++) {
		cache_size[i] = 1 + random_below(i < 2 ? 30 : 2000);
		cache_align[i] = aligns[random_below(i < 2 ? 2 : 4)];
		object_cache_init(&cache[i], "test", cache_size[i], cache_align[i]);
	}
	for (test_step = 1; test_step <= rounds(12000); test_step++) {
		bool growing = (test_step / 2000) % 2 == 0;

		run_on(random_below(MACHINE_CPUS));
		if (objects < OBJECTS_MAX && random_below(10) < (growing ? 7u : 3u))
			random_alloc();
		else if (objects)
			forget(random_below(objects));
		if (test_step % 500 == 0)
			check_caches();
	}
	while (objects)
		forget(random_below(objects));
	check_caches();
	CHECK_EQUAL(cache[0].pages, 1);
	CHECK(drain_object_pages() >= CACHES, "pages of %u caches", CACHES);
	for (u32 i = 0; i < CACHES; i++)
		CHECK_EQUAL(cache[i].pages, 0);
	CHECK_EQUAL(nr_free_pages() + nr_percpu_pages(), free);
}

/* As many as fit beside the header, down to the byte. */
static void pages_are_full(void **state)
{
	(void)state;
	machine_start(1, 16, 0, 7);
	for (u32 size = 8; size <= 2048; size += 8) {
		struct object_cache c;
		u32 header, stride;

		object_cache_init(&c, "test", size, 8);
		stride = c.size + redzone_bytes(&c.redzone);
		header = 4 + (c.per_page + 31) / 32 * 4;
		CHECK(c.per_page * stride + header <= PAGE_SIZE, "size %u: %u objects do not fit",
			size, c.per_page);
		header = 4 + (c.per_page + 1 + 31) / 32 * 4;
		CHECK((c.per_page + 1) * stride + header > PAGE_SIZE,
			"size %u: one more than %u fits", size, c.per_page);
		object_cache_end(&c);
	}
}

static void without_memory(void **state)
{
	struct object_cache c;

	(void)state;
	machine_start(1, 16, 0, 7);
	object_cache_init(&c, "test", 100, 8);
	fail_allocations(1, 2);
	CHECK(!object_alloc(&c, GFP_KERNEL), "an object out of nothing");
	CHECK(!kmalloc(33, GFP_KERNEL), "an object out of nothing");
	CHECK(object_alloc(&c, GFP_KERNEL), "no memory");
	CHECK_EQUAL(c.pages, 1);
	kfree(NULL);
}

/* Over several pages, which the cache then gives back but for one; all are different. */
static void many_at_once(void **state)
{
	enum { MANY = 64, SOME = 10, LARGE = 500 };
	struct object_cache c;
	void *taken[MANY];

	(void)state;
	machine_start(1, 64, 4, 7);
	object_cache_init(&c, "test", LARGE, 8);
	for (u32 round = 0; round < 3; round++) {
		CHECK_EQUAL(object_alloc_many(&c, GFP_KERNEL, taken, SOME), SOME);
		CHECK_EQUAL(
			object_alloc_many(&c, GFP_KERNEL, taken + SOME, MANY - SOME), MANY - SOME);
		CHECK_EQUAL(c.in_use, MANY);
		for (u32 i = 0; i < MANY; i++)
			memset(taken[i], (int)i, LARGE);
		for (u32 i = 0; i < MANY; i++)
			CHECK(*(u8 *)taken[i] == i, "object %u is another's too", i);
		object_free_many(&c, taken, SOME);
		object_free_many(&c, taken + SOME, MANY - SOME);
		CHECK_EQUAL(c.in_use, 0);
		CHECK_EQUAL(c.pages, 1);
		CHECK_EQUAL(c.empty, 1);
	}
	CHECK_EQUAL(object_alloc_many(&c, GFP_KERNEL, taken, 2), 2);
	taken[1] = taken[0];
	EXPECT_PANIC(0, "freed twice", object_free_many(&c, taken, 2));
}

static void many_without_memory(void **state)
{
	struct object_cache c;
	void *taken[64];

	(void)state;
	machine_start(1, 16, 0, 7);
	object_cache_init(&c, "test", 1000, 8);
	fail_allocations(1, 100);
	CHECK_EQUAL(object_alloc_many(&c, GFP_KERNEL, taken, 64), 0);
	fail_allocations(2, 100);
	CHECK_EQUAL(object_alloc_many(&c, GFP_KERNEL, taken, 64), c.per_page);
}

static void misuse_is_caught(void **state)
{
	struct object_cache c, other;
	u8 *at, *second;

	(void)state;
	machine_start(1, 16, 4, 7);
	object_cache_init(&c, "mine", 96, 8);
	object_cache_init(&other, "other", 96, 8);
	at = object_alloc(&c, GFP_KERNEL);
	second = object_alloc(&c, GFP_KERNEL);
	EXPECT_PANIC(0, "not one of cache other", object_free(&other, at));
	EXPECT_PANIC(0, "no object begins there", object_free(&c, at + 8));
	EXPECT_PANIC(0, "no object begins there", object_free(&c, pfn_to_virt(virt_to_pfn(at))));
	EXPECT_PANIC(
		0, "freed twice", object_free(&c, second + c.size + redzone_bytes(&c.redzone)));
	object_free(&c, at);
	EXPECT_PANIC(0, "freed twice", object_free(&c, at));
	EXPECT_PANIC(0, "ends with 1 objects in use", object_cache_end(&c));
	EXPECT_PANIC(51, "holds objects", free_page_at(pfn_to_virt(virt_to_pfn(second))));
	object_free(&c, second);
	EXPECT_PANIC(0, "no object", kfree(pfn_to_virt(0x100)));
	EXPECT_PANIC(0, "at most 2048", kmalloc(2049, GFP_KERNEL));
	EXPECT_PANIC(0, "size 2049", object_cache_init(&c, "big", 2049, 8));
	EXPECT_PANIC(0, "size 0", object_cache_init(&c, "empty", 0, 8));
	EXPECT_PANIC(0, "alignment 4", object_cache_init(&c, "odd", 8, 4));
	EXPECT_PANIC(0, "alignment 24", object_cache_init(&c, "odd", 8, 24));
	EXPECT_PANIC(0, "alignment 4096", object_cache_init(&c, "odd", 8, 4096));
}

/* The empty page is kept, used again when no other has a free object, and given back when asked. */
static void one_empty_page_is_kept(void **state)
{
	struct object_cache c;
	void *pair[2];

	(void)state;
	machine_start(1, 16, 0, 7);
	object_cache_init(&c, "large", 2048, 8);
	for (u32 i = 0; i < 2; i++)
		pair[i] = object_alloc(&c, GFP_KERNEL);
	CHECK_EQUAL(c.pages * c.per_page, 2);
	object_free(&c, pair[0]);
	object_free(&c, pair[1]);
	CHECK_EQUAL(c.pages, 1);
	fail_allocations(1, 1);
	pair[0] = object_alloc(&c, GFP_KERNEL);
	CHECK(pair[0], "the page that was kept was not used");
	CHECK_EQUAL(c.empty, 0);
	CHECK_EQUAL(drain_object_pages(), 0);
	fail_allocations(0, 0);
	object_free(&c, pair[0]);
	EXPECT_PANIC(0, "freed twice", object_free(&c, pair[0]));
	CHECK_EQUAL(drain_object_pages(), 1);
	CHECK_EQUAL(c.pages, 0);
	object_cache_end(&c);
	CHECK_EQUAL(drain_object_pages(), 0);
}

static struct object_cache raced;
static void *raced_object;

static void grow_meanwhile(void)
{
	run_on(1);
	raced_object = object_alloc(&raced, GFP_KERNEL);
}

/*
 * While one CPU makes a page, without the lock, another may have made one too: then there are two.
 */
static void two_cpus_grow(void **state)
{
	void *mine;

	(void)state;
	machine_start(2, 16, 0, 7);
	object_cache_init(&raced, "raced", 64, 8);
	on_allocation(grow_meanwhile);
	mine = object_alloc(&raced, GFP_KERNEL);
	CHECK(mine && raced_object && mine != raced_object, "%p and %p", mine, raced_object);
	CHECK_EQUAL(raced.pages, 2);
	CHECK_EQUAL(raced.in_use, 2);
	object_free(&raced, mine);
	object_free(&raced, raced_object);
	CHECK_EQUAL(raced.pages, 1);
	CHECK_EQUAL(object_cache_trim(&raced), 1);
	CHECK_EQUAL(raced.pages, 0);
}

#ifdef CONFIG_DEBUG

/* The debug build sees one byte too many, and what is written to an object after it was freed. */
static void writes_out_of_bounds_are_caught(void **state)
{
	u8 *at, *other;

	(void)state;
	machine_start(1, 16, 0, 7);
	at = kmalloc(20, GFP_KERNEL);
	other = kmalloc(20, GFP_KERNEL);
	at[20] = 1;
	EXPECT_PANIC(51, "of 20 bytes was overrun: 0x01 at offset 20", kfree(at));
	at[20] = 0xA5;
	kfree(at);
	at[3] = 7;
	EXPECT_PANIC(
		51, "was written after it was freed: 0x07 at offset 0x3", kmalloc(20, GFP_KERNEL));
	machine_start(1, 16, 0, 7);
	at = kmalloc(20, GFP_KERNEL);
	other = kmalloc(20, GFP_KERNEL);
	memset(at + 32, 9, 8);
	EXPECT_PANIC(51, "the zone behind object", kfree(at));
	(void)other;
}

#endif

const struct CMUnitTest objcache_tests[] = {
#ifdef CONFIG_DEBUG
	cmocka_unit_test(writes_out_of_bounds_are_caught),
#endif
	cmocka_unit_test(random_sequences),
	cmocka_unit_test(pages_are_full),
	cmocka_unit_test(without_memory),
	cmocka_unit_test(many_at_once),
	cmocka_unit_test(many_without_memory),
	cmocka_unit_test(misuse_is_caught),
	cmocka_unit_test(one_empty_page_is_kept),
	cmocka_unit_test(two_cpus_grow),
};
const size_t objcache_test_count = ARRAY_SIZE(objcache_tests);
