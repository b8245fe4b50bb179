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
#include "mm/hooks/charge_fault.h"
#include "mm/pages/page_alloc.h"
#include "mm/wait.h"

#define OBJECT_MAX 2048u

struct object_page {
	u32 free;
	u32 free_bits[];
};

/* Every cache, so that all can be trimmed. */
static struct list caches = LIST_INIT(caches);
static struct spinlock caches_lock = SPINLOCK_INIT("object caches");

static u32 bit_words(u32 per_page) { return (per_page + 31) / 32; }

/* Bytes of the header of a page with `n` objects. */
static u32 header_bytes(u32 n) { return (u32)sizeof(struct object_page) + bit_words(n) * 4; }

/* From one object to the next. */
static inline u32 stride(const struct object_cache *cache)
{
	return cache->size + redzone_bytes(&cache->redzone);
}

__cold void object_cache_init(struct object_cache *cache, const char *name, u32 size, u32 align)
{
	ASSERT(size > 0 && size <= OBJECT_MAX && align >= 8 && (align & (align - 1)) == 0 &&
			align <= OBJECT_MAX,
		"object cache %s: size %u, alignment %u", name, size, align);
	*cache = (struct object_cache){ .name = name, .size = ALIGN_UP(size, align) };
	redzone_set(&cache->redzone, align);
	cache->per_page = PAGE_SIZE / stride(cache);
	while (cache->per_page * stride(cache) + header_bytes(cache->per_page) > PAGE_SIZE)
		cache->per_page--;
	/* From the page's end, so that sizes that are powers of two are aligned to themselves. */
	cache->first = PAGE_SIZE - cache->per_page * stride(cache);
	spin_init(&cache->lock, name);
	list_init(&cache->partial);
	list_init(&cache->full);
	spin_lock(&caches_lock);
	list_append(&caches, &cache->in_all);
	spin_unlock(&caches_lock);
}

__cold const struct object_cache *object_cache_number(u32 number)
{
	const struct object_cache *found = NULL;

	spin_lock(&caches_lock);
	list_for_each(node, &caches)
		if (!found && !number--)
			found = list_entry(node, struct object_cache, in_all);
	spin_unlock(&caches_lock);
	return found;
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
	list_append(&cache->partial, &page->list);
	cache->pages++;
	cache->empty++;
	spin_unlock_irqrestore(&cache->lock, flags);
	return true;
}

static inline u32 take_free_bit(struct object_page *head)
{
	u32 word = 0, bits;

	while ((bits = head->free_bits[word]) == 0)
		word++;
	head->free_bits[word] = bits & (bits - 1); /* without the lowest */
	head->free--;
	return word * 32 + lowest_bit(bits);
}

/* The page has no free object any more. */
static __noinline void page_filled(struct object_cache *cache, struct page *page)
{
	list_remove(&page->list);
	list_push(&cache->full, &page->list);
}

/* From a page that has free objects, lock held; NULL if there is none. */
static inline void *take_object(struct object_cache *cache)
{
	struct page *page;
	struct object_page *head;
	u32 index;

	if (unlikely(list_empty(&cache->partial)))
		return NULL;
	page = list_first(&cache->partial, struct page, list);
	head = lowmem_page_address(page);
	if (head->free == cache->per_page)
		cache->empty--;
	index = take_free_bit(head);
	if (unlikely(head->free == 0))
		page_filled(cache, page);
	cache->in_use++;
	return (u8 *)head + cache->first + index * stride(cache);
}

static inline void *try_alloc(struct object_cache *cache)
{
	u32 flags = spin_lock_irqsave(&cache->lock);
	void *object = take_object(cache);

	spin_unlock_irqrestore(&cache->lock, flags);
	return object;
}

/* Others may take the objects of the new page meanwhile; then there is one more. */
static __cold void *alloc_growing(struct object_cache *cache, u32 gfp)
{
	void *object = NULL;

	while (!object && grow(cache, gfp))
		object = try_alloc(cache);
	return object;
}

/* A record of a mapping has four words: a call would take longer than they do. */
static inline void *clear_object(u32 *object, u32 size)
{
	if (size != 4 * sizeof(*object))
		return memset(object, 0, size);
	object[0] = object[1] = object[2] = object[3] = 0;
	return object;
}

void *object_alloc(struct object_cache *cache, u32 gfp)
{
	void *object;

	if (gfp & __GFP_WAIT)
		might_sleep("object_alloc", CALLER());
	if (alloc_fails(gfp))
		return NULL;
	object = try_alloc(cache);
	if (unlikely(!object))
		object = alloc_growing(cache, gfp);
	if (unlikely(!object))
		return NULL;
	object_taken(object, cache->size, stride(cache), cache->name);
	return clear_object(object, cache->size);
}

/* Up to `n` of those that are free in the first page that has any, lock held; how many. */
static u32 take_from_page(struct object_cache *cache, void **objects, u32 n)
{
	struct page *page = list_first(&cache->partial, struct page, list);
	struct object_page *head = lowmem_page_address(page);
	u32 taken = 0, most = MIN(n, head->free);

	cache->empty -= head->free == cache->per_page;
	for (u32 word = 0; taken < most; word++) {
		u32 bits = head->free_bits[word];
		u8 *first = (u8 *)head + cache->first + word * 32 * stride(cache);

		for (; bits && taken < most; bits &= bits - 1)
			objects[taken++] = first + lowest_bit(bits) * stride(cache);
		head->free_bits[word] = bits;
	}
	head->free -= taken;
	if (!head->free)
		page_filled(cache, page);
	cache->in_use += taken;
	return taken;
}

/* When the pages have no more. */
static __cold u32 alloc_one_by_one(struct object_cache *cache, u32 gfp, void **objects, u32 n)
{
	u32 taken = 0;

	while (taken < n && (objects[taken] = object_alloc(cache, gfp)))
		taken++;
	return taken;
}

u32 object_alloc_many(struct object_cache *cache, u32 gfp, void **objects, u32 n)
{
	u32 taken = 0, flags;

	if (alloc_fails(gfp))
		return 0;
	flags = spin_lock_irqsave(&cache->lock);
	while (taken < n && !list_empty(&cache->partial))
		taken += take_from_page(cache, objects + taken, n - taken);
	spin_unlock_irqrestore(&cache->lock, flags);
	for (u32 i = 0; i < taken; i++)
		object_taken(objects[i], cache->size, stride(cache), cache->name);
	return taken == n ? n : taken + alloc_one_by_one(cache, gfp, objects + taken, n - taken);
}

static inline struct object_page *head_of(const void *object)
{
	return (struct object_page *)ALIGN_DOWN((uintptr_t)object, PAGE_SIZE);
}

/* The number of the cache's object in its page.  Panics unless it is one that is in use. */
static inline u32 object_index(const struct object_cache *cache, const void *object)
{
	u32 offset = (u32)((uintptr_t)object & (PAGE_SIZE - 1)) - cache->first;
	u32 index = offset / stride(cache);

	ASSERT(index < cache->per_page && index * stride(cache) == offset,
		"object %p of cache %s: no object begins there", object, cache->name);
	ASSERT(!bit_test(head_of(object)->free_bits, index), "object %p of cache %s is freed twice",
		object, cache->name);
	return index;
}

/* The page left the cache's lists with its last object. */
static __cold void drop_page(const struct object_cache *cache, struct page *page)
{
	object_page_dropped(lowmem_page_address(page), header_bytes(cache->per_page), cache->name);
	page->flags &= ~PG_OBJECTS;
	page->order = 0; /* shares its place with page->cache */
	free_page(page);
}

/* How many they were. */
static u32 drop_pages(const struct object_cache *cache, const struct list *pages)
{
	u32 n = 0;

	list_for_each_safe(node, pages)
	{
		drop_page(cache, list_entry(node, struct page, list));
		n++;
	}
	return n;
}

/*
 * Lock held; the page has no object in use any more.  Keeps it, behind all that are partly used, or
 * takes it out of the cache if there is an empty one already; then it is returned.
 */
static struct page *page_emptied(struct object_cache *cache, struct page *page)
{
	if (cache->empty) {
		list_remove(&page->list);
		cache->pages--;
		return page;
	}
	cache->empty = 1;
	if (list_last(&cache->partial, struct page, list) != page) {
		list_remove(&page->list);
		list_append(&cache->partial, &page->list);
	}
	return NULL;
}

/* Lock held.  The page, if it has left the cache. */
static inline struct page *put_object(
	struct object_cache *cache, struct page *page, struct object_page *head, u32 index)
{
	ASSERT(!bit_test(head->free_bits, index),
		"object %u of frame 0x%x, cache %s, is freed twice", index, page_to_pfn(page),
		cache->name);
	bit_set(head->free_bits, index);
	cache->in_use--;
	if (head->free++ == 0) {
		list_remove(&page->list);
		list_push(&cache->partial, &page->list);
	}
	return head->free == cache->per_page ? page_emptied(cache, page) : NULL;
}

/* The page holds objects of the cache. */
static __noinline void free_in_page(struct object_cache *cache, struct page *page, void *object)
{
	u32 index = object_index(cache, object), flags;
	struct page *empty;

	object_freed(object, stride(cache), cache->name);
	flags = spin_lock_irqsave(&cache->lock);
	empty = put_object(cache, page, head_of(object), index);
	spin_unlock_irqrestore(&cache->lock, flags);
	if (empty)
		drop_page(cache, empty);
}

/* Its page.  Panics unless it is one of the cache's. */
static inline struct page *page_of(const struct object_cache *cache, void *object)
{
	struct page *page = virt_to_page(object);

	ASSERT((page->flags & PG_OBJECTS) && page->cache == cache,
		"object %p is not one of cache %s, page flags 0x%x", object, cache->name,
		page->flags);
	return page;
}

void object_free(struct object_cache *cache, void *object)
{
	free_in_page(cache, page_of(cache, object), object);
}

/* Pages that leave the cache are dropped without the lock. */
void object_free_many(struct object_cache *cache, void *const *objects, u32 n)
{
	struct list empty = LIST_INIT(empty);
	u32 flags = spin_lock_irqsave(&cache->lock);

	for (u32 i = 0; i < n; i++) {
		struct page *page = page_of(cache, objects[i]);
		u32 index = object_index(cache, objects[i]);

		object_freed(objects[i], stride(cache), cache->name);
		page = put_object(cache, page, head_of(objects[i]), index);
		if (page)
			list_append(&empty, &page->list);
	}
	spin_unlock_irqrestore(&cache->lock, flags);
	drop_pages(cache, &empty);
}

/* Takes the empty pages out of the cache, into `pages`. */
static void take_empty_pages(struct object_cache *cache, struct list *pages)
{
	u32 flags = spin_lock_irqsave(&cache->lock);

	for (; cache->empty; cache->empty--) {
		struct page *page = list_last(&cache->partial, struct page, list);

		list_remove(&page->list);
		list_append(pages, &page->list);
		cache->pages--;
	}
	spin_unlock_irqrestore(&cache->lock, flags);
}

__cold u32 object_cache_trim(struct object_cache *cache)
{
	struct list pages = LIST_INIT(pages);

	take_empty_pages(cache, &pages);
	return drop_pages(cache, &pages);
}

__cold u32 drain_object_pages(void)
{
	u32 pages = 0;

	spin_lock(&caches_lock);
	list_for_each(node, &caches)
		pages += object_cache_trim(list_entry(node, struct object_cache, in_all));
	spin_unlock(&caches_lock);
	return pages;
}

__cold void object_cache_end(struct object_cache *cache)
{
	ASSERT(cache->in_use == 0, "cache %s ends with %u objects in use", cache->name,
		cache->in_use);
	object_cache_trim(cache);
	spin_lock(&caches_lock);
	list_remove(&cache->in_all);
	spin_unlock(&caches_lock);
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
		object_cache_init(&kmalloc_caches[i].cache, kmalloc_caches[i].name,
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
	free_in_page(page->cache, page, object);
}
