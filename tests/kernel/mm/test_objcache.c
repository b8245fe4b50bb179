/* Object caches and kmalloc. */
#include "arch/x86/cpu/registers.h"
#include "arch/x86/cpu/trap.h"
#include "lib/string.h"
#include "mm/objects/objcache.h"
#include "mm/pages/page_alloc.h"
#include "tests/checkers/page_counts.h"
#include "tests/kernel/mm/mm_tools.h"
#include "tests/kernel/selftest.h"

#define OBJECTS 150u

static struct object_cache cache;
static u8 *objects[OBJECTS];

/* Sizes of objects are multiples of 8. */
static bool all_words_are(const u8 *object, u32 size, u32 value)
{
	const u32 *word = (const u32 *)object, *end = (const u32 *)(object + size);

	/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
	while (word < end && *word == value)
		word++;
	return word == end;
}

static void fill(u32 i)
{
	objects[i] = object_alloc(&cache, GFP_KERNEL);
	if (!EXPECT(0, objects[i] != NULL, "object %u of cache %s", i, cache.name))
		return;
	EXPECT(0, all_words_are(objects[i], cache.size, 0), "object %u is zeroed", i);
	EXPECT(49, !page_is_high(virt_to_page(objects[i])), "object %u lies in high memory", i);
	memset(objects[i], (int)i, cache.size);
}

/* What each holds tells whether another one overlaps it. */
static void check_and_free(u32 i)
{
	if (!objects[i])
		return;
	EXPECT(51, all_words_are(objects[i], cache.size, (i & 0xFF) * 0x01010101u),
		"object %u still holds its own number", i);
	object_free(&cache, objects[i]);
	objects[i] = NULL;
}

static u32 free_pages_settled(void)
{
	settle_pages();
	return nr_free_pages() + nr_percpu_pages();
}

static void exercise(const char *name, u32 size, u32 align)
{
	u32 sum = free_pages_settled(), random = size;

	object_cache_init(&cache, name, size, align);
	for (u32 i = 0; i < OBJECTS; i++)
		fill(i);
	EXPECT_EQ(51, cache.in_use, OBJECTS, "objects in use, %u bytes each", size);
	EXPECT_EQ(51, cache.pages, (OBJECTS + cache.per_page - 1) / cache.per_page,
		"pages of %u objects each", cache.per_page);
	for (u32 n = 0; n < OBJECTS; n++) {
		u32 i = next_random(&random) % OBJECTS;

		EXPECT(0, IS_ALIGNED((uintptr_t)objects[i], align), "object at %p, alignment %u",
			objects[i], align);
		check_and_free(i);
		fill(i);
	}
	for (u32 i = 0; i < OBJECTS; i++)
		check_and_free((i * 7) % OBJECTS);
	EXPECT_EQ(51, cache.in_use, 0, "objects in use in the end");
	EXPECT_EQ(73, cache.pages, 1, "pages in the end, all of them empty");
	EXPECT_EQ(73, cache.empty, 1, "empty pages in the end");
	object_cache_end(&cache);
	EXPECT_EQ(51, nr_free_pages() + nr_percpu_pages(), sum,
		"free pages of the machine, before and after");
}

SELFTEST(objcache_sizes, "objcache.sizes", 7, "49, 51, 73")
{
	exercise("test-8", 8, 8);
	exercise("test-100", 100, 32);
	exercise("test-2048", 2048, 64);
}

static void free_object(void *object) { object_free(&cache, object); }

static void kfree_it(void *object) { kfree(object); }

SELFTEST(objcache_misuse, "objcache.misuse", 7, "51")
{
	u8 *first, *second, *foreign = kmalloc(48, GFP_KERNEL), *page = get_zeroed_page(GFP_KERNEL);

	object_cache_init(&cache, "test-48", 48, 16);
	first = object_alloc(&cache, GFP_KERNEL);
	second = object_alloc(&cache, GFP_KERNEL);
	if (!EXPECT(0, first && second && foreign && page, "two objects, one by kmalloc, one page"))
		return;
	EXPECT(51, selftest_panics(free_object, first + 8, 0), "an address inside object %p freed",
		first);
	EXPECT(51, selftest_panics(free_object, foreign, 0), "an object of another cache freed");
	EXPECT(51, selftest_panics(kfree_it, page, 0), "a page freed as an object");
	object_free(&cache, first);
	EXPECT(51, selftest_panics(free_object, first, 0), "object %p freed twice", first);
	object_free(&cache, second);
	EXPECT(51, selftest_panics(free_object, second, 0),
		"object %p of an empty page freed twice", second);
	object_cache_end(&cache);
	kfree(foreign);
	free_page_at(page);
	kfree(NULL);
}

SELFTEST(objcache_kmalloc, "objcache.kmalloc", 7, "49, 51")
{
	u32 sum = free_pages_settled();

	for (u32 size = 1; size <= 2048; size += size < 64 ? 1 : 61) {
		u8 *one = kmalloc(size, GFP_KERNEL), *other = kmalloc(size, GFP_ATOMIC);

		if (!EXPECT(0, one && other, "two times %u bytes", size))
			return;
		EXPECT(51, one + size <= other || other + size <= one,
			"%p and %p of %u bytes overlap", one, other, size);
		EXPECT(0, all_words_are(one, size & ~3u, 0) && all_words_are(other, size & ~3u, 0),
			"%u bytes zeroed", size);
		memset(one, 0xFF, size);
		memset(other, 0xFF, size);
		kfree(one);
		kfree(other);
	}
	EXPECT_EQ(51, free_pages_settled(), sum, "free pages of the machine, before and after");
}

/* One empty page is kept and used again; whoever asks for memory gets it back. */
SELFTEST(objcache_empty, "objcache.empty", 7, "51, 73")
{
	void *first;

	object_cache_init(&cache, "empty", 700, 8);
	first = object_alloc(&cache, GFP_KERNEL);
	object_free(&cache, first);
	EXPECT_EQ(73, cache.empty, 1, "empty pages after the only object was freed");
	EXPECT(51, object_alloc(&cache, GFP_KERNEL) == first && cache.empty == 0,
		"the empty page is used again, %u are empty", cache.empty);
	drain_object_pages();
	EXPECT_EQ(51, cache.pages, 1, "pages, after a drain, of an object that is in use");
	object_free(&cache, first);
	settle_pages();
	EXPECT_EQ(73, cache.pages, 0, "pages after memory was asked for");
	EXPECT(51, list_empty(&cache.partial) && cache.empty == 0, "lists after a drain");
	object_cache_end(&cache);
}

/*
 * Two objects of one page are freed, the second by an interrupt in the midst of the first free: a
 * trap after the n-th instruction at which an interrupt could come (EFLAGS.IF set).  The page must
 * go with whichever is the last, since there is another empty one.
 */
#define TRAP_DEBUG 1u
#define EFLAGS_TF (1u << 8) /* SDM vol. 3, 2.3: a debug exception after each instruction */

static struct {
	u32 free_after, steps;
	void *second; /* NULL: freed */
} trial;

static void free_in_step(struct trapframe *frame)
{
	if (!(frame->eflags & EFLAGS_IF) || trial.steps++ != trial.free_after)
		return;
	object_free(&cache, trial.second);
	trial.second = NULL;
}

static __noinline void free_in_steps(void *object)
{
	__asm__ volatile("pushf; orl %0, (%%esp); popf" : : "i"(EFLAGS_TF) : "memory", "cc");
	object_free(&cache, object);
	__asm__ volatile("pushf; andl %0, (%%esp); popf" : : "i"(~EFLAGS_TF) : "memory", "cc");
}

/* Two objects, alone in their page, beside an empty page. */
static bool two_objects(void **first, void **second)
{
	u32 n = cache.per_page;

	for (u32 i = 0; i < n; i++)
		objects[i] = object_alloc(&cache, GFP_KERNEL);
	*first = object_alloc(&cache, GFP_KERNEL);
	*second = object_alloc(&cache, GFP_KERNEL);
	for (u32 i = 0; i < n; i++)
		object_free(&cache, objects[i]);
	return EXPECT(0, *first && *second && cache.pages == 2 && cache.empty == 1,
		"two objects in one page, in %u pages, of which %u are empty", cache.pages,
		cache.empty);
}

/* False when the steps were over before the n-th, or the cache is damaged. */
static bool free_at_step(u32 n)
{
	void *first;
	bool interrupted;

	trial.free_after = n;
	trial.steps = 0;
	if (!two_objects(&first, &trial.second))
		return false;
	free_in_steps(first);
	interrupted = !trial.second;
	if (!interrupted)
		object_free(&cache, trial.second);
	return EXPECT(51,
		       cache.in_use == 0 && cache.pages == 1 && cache.empty == 1 &&
			       list_empty(&cache.full),
		       "interrupt at step %u: %u objects in use, %u pages", n, cache.in_use,
		       cache.pages) &&
	       interrupted;
}

SELFTEST(objcache_steps, "objcache.steps", 8, "51, 73")
{
	u32 n = 0;

	if (skip_if_poisoned())
		return;
	object_cache_init(&cache, "steps", 1000, 8);
	trap_set_handler(TRAP_DEBUG, free_in_step);
	while (free_at_step(n))
		n++;
	trap_set_handler(TRAP_DEBUG, NULL);
	object_cache_end(&cache);
	EXPECT(51, n > 20, "only %u steps in a free", n);
}
