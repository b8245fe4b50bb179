"""Object caches: which objects of one are in use (kernel/mm/objects/objcache.c)."""

from kernelview import objects


def in_use(machine, name):
    """Addresses of the objects of the cache that a variable is; none before it is made."""
    cache = machine.var(name)
    return sorted(cache_objects(machine, cache)) if cache.per_page else []


def cache_objects(machine, cache):
    """Addresses of the objects of a cache that are in use."""
    size = objects.gdb.lookup_type("struct page").sizeof
    stride = cache.size + (cache.redzone.bytes if cache.redzone.has("bytes") else 0)
    found = []
    for head in ("partial", "full"):
        for page in machine.list_objects(cache.address_of(head), "struct page", "list"):
            base = machine.page_offset + ((page.address - machine.var("mem_map")) // size << 12)
            found += used_objects(machine, cache, base, stride)
    return found


def used_objects(machine, cache, base, stride):
    header = objects.gdb.lookup_type("struct object_page").sizeof
    words = [machine.word(base + header + 4 * n) for n in range((cache.per_page + 31) // 32)]
    first = base + 4096 - cache.per_page * stride
    return [first + n * stride for n in range(cache.per_page) if not words[n // 32] >> n % 32 & 1]
