/*
 * Object caches: see objcache.h.
 *
 * Each page begins with a header: how many of its objects are free, and a bit for each object, 1 =
 * free.  The bits are all there is: they find a free object, and they catch an object that is freed
 * twice.
 */
#include "mm/objects/objcache.h"

#include "lib/assert.h"
#include "lib/bitops.h"
#include "lib/string.h"
#include "mm/pages/page_alloc.h"
#include "mm/wait.h"

#define OBJECT_MAX 2048u

struct object_page {
	u32 free;
	u32 free_bits[];
};

static struct object_cache *listed_caches;

static u32 bit_words(u32 per_page) { return (per_page + 31) / 32; }

/* Bytes of the header of a page with `n` objects. */
static u32 header_bytes(u32 n) { return (u32)sizeof(struct object_page) + bit_words(n) * 4; }

/* From one object to the next. */
static inline u32 stride(const struct object_cache *cache)
{
	return cache->size + redzone_bytes(&cache->redzone);
}

/*
 * The objects fill the page from its end, so that sizes that are powers of two are aligned to
 * themselves.
 */
static u32 first_offset(const struct object_cache *cache)
{
	return PAGE_SIZE - cache->per_page * stride(cache);
}

void object_cache_init(struct object_cache *cache, const char *name, u32 size, u32 align)
{
	ASSERT(size > 0 && size <= OBJECT_MAX && align >= 8 && (align & (align - 1)) == 0 &&
			align <= OBJECT_MAX,
		"object cache %s: size %u, alignment %u", name, size, align);
	*cache = (struct object_cache){ .name = name, .size = ALIGN_UP(size, align) };
	redzone_set(&cache->redzone, align);
	cache->per_page = PAGE_SIZE / stride(cache);
	while (cache->per_page * stride(cache) + header_bytes(cache->per_page) > PAGE_SIZE)
		cache->per_page--;
	spin_init(&cache->lock, name);
	list_init(&cache->partial);
	list_init(&cache->full);
}

void object_cache_init_listed(
	struct object_cache *cache, const char *name, u32 size, u32 align)
{
	object_cache_init(cache, name, size, align);
	cache->next = listed_caches;
	listed_caches = cache;
}

const struct object_cache *object_cache_number(u32 number)
{
	const struct object_cache *cache = listed_caches;

	while (cache && number--)
		cache = cache->next;
	return cache;
}

/* A page whose objects are all free, not in the cache's lists yet. */
static struct page *make_page(struct object_cache *cache, u32 gfp)
{
	struct page *page = alloc_page(gfp & ~(__GFP_HIGHMEM | __GFP_ZERO));
	struct object_page *head;

	if (!page)
		return NULL;
	INVARIANT(49, !page_is_high(page), "object cache %s got high frame 0x%x", cache->name,
		page_to_pfn(page));
	head = lowmem_page_address(page);
	for (u32 i = 0; i < bit_words(cache->per_page); i++)
		head->free_bits[i] = ~0u >> (32 - MIN(cache->per_page - i * 32, 32u));
	head->free = cache->per_page;
	object_page_made(head, header_bytes(cache->per_page));
	page->cache = cache;
	page->flags |= PG_OBJECTS;
	return page;
}

/* Adds a page without the lock held; false if there is no memory. */
static bool grow(struct object_cache *cache, u32 gfp)
{
	struct page *page = make_page(cache, gfp);
	u32 flags;

	if (!page)
		return false;
	flags = spin_lock_irqsave(&cache->lock);
	list_push(&cache->partial, &page->list);
	cache->pages++;
	spin_unlock_irqrestore(&cache->lock, flags);
	return true;
}

static u32 take_free_bit(struct object_page *head)
{
	u32 word = 0, bit;

	while (head->free_bits[word] == 0)
		word++;
	bit = word * 32 + lowest_bit(head->free_bits[word]);
	bit_clear(head->free_bits, bit);
	head->free--;
	return bit;
}

/* From a page that has free objects, lock held; NULL if there is none. */
static void *take_object(struct object_cache *cache)
{
	struct page *page;
	struct object_page *head;
	u32 index;

	if (list_empty(&cache->partial))
		return NULL;
	page = list_first(&cache->partial, struct page, list);
	head = lowmem_page_address(page);
	index = take_free_bit(head);
	if (head->free == 0) {
		list_remove(&page->list);
		list_push(&cache->full, &page->list);
	}
	cache->in_use++;
	return (u8 *)head + first_offset(cache) + index * stride(cache);
}

void *object_alloc(struct object_cache *cache, u32 gfp)
{
	void *object;

	if (gfp & __GFP_WAIT)
		might_sleep("object_alloc", CALLER());
	do {
		u32 flags = spin_lock_irqsave(&cache->lock);

		object = take_object(cache);
		spin_unlock_irqrestore(&cache->lock, flags);
	} while (!object && grow(cache, gfp));
	if (!object)
		return NULL;
	object_taken(object, cache->size, stride(cache), cache->name);
	return memset(object, 0, cache->size);
}

/* The object's number in its page.  Panics unless it is an object of the cache that is in use. */
static u32 object_index(
	const struct object_cache *cache, const struct page *page, const void *object)
{
	const struct object_page *head = lowmem_page_address(page);
	u32 offset = (u32)((uintptr_t)object & (PAGE_SIZE - 1)) - first_offset(cache);
	u32 index = offset / stride(cache);

	ASSERT((page->flags & PG_OBJECTS) && page->cache == cache,
		"object %p is not one of cache %s, page flags 0x%x", object, cache->name,
		page->flags);
	ASSERT(index < cache->per_page && index * stride(cache) == offset,
		"object %p of cache %s: no object begins there", object, cache->name);
	ASSERT(!bit_test(head->free_bits, index), "object %p of cache %s is freed twice", object,
		cache->name);
	return index;
}

/* The page left the cache's lists with its last object. */
static void drop_page(const struct object_cache *cache, struct page *page)
{
	object_page_dropped(lowmem_page_address(page), header_bytes(cache->per_page), cache->name);
	page->flags &= ~PG_OBJECTS;
	page->order = 0; /* shares its place with page->cache */
	free_page(page);
}

/* Lock held.  The page, if it has no object in use any more: then it has left the cache. */
static struct page *put_object(struct object_cache *cache, struct page *page, u32 index)
{
	struct object_page *head = lowmem_page_address(page);

	ASSERT(!bit_test(head->free_bits, index),
		"object %u of frame 0x%x, cache %s, is freed twice", index, page_to_pfn(page),
		cache->name);
	bit_set(head->free_bits, index);
	cache->in_use--;
	list_remove(&page->list);
	if (++head->free == cache->per_page) {
		cache->pages--;
		return page;
	}
	list_push(&cache->partial, &page->list);
	return NULL;
}

void object_free(struct object_cache *cache, void *object)
{
	struct page *page = virt_to_page(object), *empty;
	u32 index = object_index(cache, page, object);
	u32 flags;

	object_freed(object, stride(cache), cache->name);
	flags = spin_lock_irqsave(&cache->lock);
	empty = put_object(cache, page, index);
	spin_unlock_irqrestore(&cache->lock, flags);
	if (empty)
		drop_page(cache, empty);
}

/*
 * From 512 bytes on the sizes are what fits 7, 3, 2 times beside the header, so that they waste
 * little of the page.
 */
static struct {
	u32 size;
	const char *name;
	struct object_cache cache;
} kmalloc_caches[] = {
	{ .size = 16, .name = "kmalloc-16" },
	{ .size = 32, .name = "kmalloc-32" },
	{ .size = 64, .name = "kmalloc-64" },
	{ .size = 128, .name = "kmalloc-128" },
	{ .size = 256, .name = "kmalloc-256" },
	{ .size = 576, .name = "kmalloc-576" },
	{ .size = 1360, .name = "kmalloc-1360" },
	{ .size = 2040, .name = "kmalloc-2040" },
	{ .size = 2048, .name = "kmalloc-2048" },
};

void kmalloc_init(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(kmalloc_caches); i++)
		object_cache_init_listed(&kmalloc_caches[i].cache, kmalloc_caches[i].name,
			kmalloc_caches[i].size, 8);
}

static void *kmalloc_from(struct object_cache *cache, size_t size, u32 gfp)
{
	void *object = object_alloc(cache, gfp);

	if (object)
		object_asked(object, (u32)size, stride(cache));
	return object;
}

void *kmalloc(size_t size, u32 gfp)
{
	ASSERT(size <= OBJECT_MAX, "kmalloc: %lu bytes, at most %u", (unsigned long)size,
		OBJECT_MAX);
	for (u32 i = 0; i < ARRAY_SIZE(kmalloc_caches); i++)
		if (size <= kmalloc_caches[i].size)
			return kmalloc_from(&kmalloc_caches[i].cache, size, gfp);
	return NULL;
}

void kfree(void *object)
{
	struct page *page;

	if (!object)
		return;
	page = virt_to_page(object);
	ASSERT(page->flags & PG_OBJECTS, "kfree: %p is no object, page flags 0x%x", object,
		page->flags);
	object_free(page->cache, object);
}
