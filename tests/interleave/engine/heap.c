/*
 * Kernel objects, of caches and of kmalloc: units of one small heap.  Of the allocators nothing
 * matters here but the locked operation that they begin with, and that nobody uses a freed object.
 */
#include "access.h"
#include "machine.h"

#include "mm/objects/objcache.h"
#include "mm/pages/upcall.h"

#include <string.h>

#define PLACE ((uintptr_t)__builtin_return_address(0))
#define UNIT_BYTES 32u
/* Written into freed objects, so that what follows a stale pointer goes wrong early. */
#define FREED 0x6B

static u8 heap[HEAP_UNITS][UNIT_BYTES] __attribute__((aligned(64)));

void heap_init(void)
{
	memset(heap, 0, sizeof(heap));
	memset(m.heap_units, 0, sizeof(m.heap_units));
}

void heap_region(void) { region_add(heap, sizeof(heap), true); }

static bool in_heap(uintptr_t at) { return at - (uintptr_t)heap < sizeof(heap); }

u32 heap_used(void)
{
	u32 used = 0;

	for (u32 i = 0; i < HEAP_UNITS; i++)
		used += m.heap_units[i];
	return used;
}

/* The first unit of the object that the unit belongs to; HEAP_UNITS if it is free. */
static u32 object_of(u32 unit)
{
	for (u32 first = 0; first <= unit; first += m.heap_units[first] ? m.heap_units[first] : 1)
		if (m.heap_units[first] && unit < first + m.heap_units[first])
			return first;
	return HEAP_UNITS;
}

void heap_check(uintptr_t at, uintptr_t place)
{
	if (!in_heap(at))
		return;
	if (object_of((u32)((at - (uintptr_t)heap) / UNIT_BYTES)) == HEAP_UNITS) {
		trace("uses a freed object", at, 0, place);
		fail("CPU %u uses an object that has been freed, at %s", running_cpu,
			name_of(place));
	}
}

static bool units_free(u32 first, u32 n)
{
	for (u32 i = first; i < first + n; i++)
		if (object_of(i) != HEAP_UNITS)
			return false;
	return true;
}

static void *take(u32 size)
{
	u32 n = (size + UNIT_BYTES - 1) / UNIT_BYTES;

	for (u32 first = 0; first + n <= HEAP_UNITS; first++)
		if (units_free(first, n)) {
			m.heap_units[first] = (u8)n;
			return memset(heap[first], 0, n * UNIT_BYTES);
		}
	return NULL;
}

static void give_back(void *object)
{
	u32 unit = (u32)(((uintptr_t)object - (uintptr_t)heap) / UNIT_BYTES);

	if (!in_heap((uintptr_t)object) || !m.heap_units[unit]) {
		fail("an object is freed that is none, or twice");
		return;
	}
	memset(object, FREED, m.heap_units[unit] * UNIT_BYTES);
	m.heap_units[unit] = 0;
}

static void allocator_event(const char *what, uintptr_t at, uintptr_t place)
{
	event(what, at, place);
	if (on_cpu)
		store_drain_all();
}

void *kmalloc(size_t size, u32 gfp)
{
	(void)gfp;
	allocator_event("asks for an object of size", size, PLACE);
	return take((u32)size);
}

void kfree(void *object)
{
	allocator_event("frees an object", (uintptr_t)object, PLACE);
	if (object)
		give_back(object);
}

void object_cache_init(struct object_cache *cache, const char *name, u32 size, u32 align)
{
	(void)align;
	cache->name = name;
	cache->size = size;
}

void *object_alloc(struct object_cache *cache, u32 gfp)
{
	(void)gfp;
	allocator_event("asks for an object", (uintptr_t)cache, PLACE);
	return take(cache->size);
}

void object_free(struct object_cache *cache, void *object)
{
	allocator_event("frees an object", (uintptr_t)cache, PLACE);
	give_back(object);
}

u32 object_alloc_many(struct object_cache *cache, u32 gfp, void **objects, u32 n)
{
	u32 made = 0;

	while (made < n && (objects[made] = object_alloc(cache, gfp)))
		made++;
	return made;
}

void object_free_many(struct object_cache *cache, void *const *objects, u32 n)
{
	for (u32 i = 0; i < n; i++)
		object_free(cache, objects[i]);
}

/* There are no caches with empty pages. */
u32 drain_object_pages(void) { return 0; }
