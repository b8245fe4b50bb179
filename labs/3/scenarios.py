"""Lab 3: the buddy allocator and the hand-over, judged from outside (zones.py says how)."""

from random import Random

from grader.machine import PAGE_SIZE, frames
from grader.verdict import Failure, expecting

from .locked import expect_left_alone, expect_locked
from .zones import ADD, ALIGNED, ALLOC, FREE, LOST, MAX_ORDER, MERGE, Zones, block, said

BEYOND = "a block that begins in the range may reach beyond its end, or beyond the zone's"
SMALLEST = "the smallest order that has a block is split, and the large blocks stay whole"
LARGER = "no block of that order is free, but larger ones are, and can be split"


def handover(m):
    """The boot's own list, range by range; then every block is taken out again."""
    zones = Zones(m)
    for start, end in zones.runs:
        zones.add(start, end, BEYOND)
    for zone in (zones.dma, zones.normal):
        expect_all(zone, zone.drain(BEYOND))


def expect_all(zone, found):
    """Blocks that were had: each aligned, none outside, every frame once, as few as possible."""
    taken = set()
    for pfn, order in found:
        if pfn % (1 << order):
            raise Failure(f"a multiple of {1 << order:#x}", said(pfn, order), ALIGNED, ADD)
        wrong = set(block(pfn, order)) - zone.given
        if wrong:
            what = f"{said(pfn, order)}: {frames.named(wrong)} was never handed over"
            raise Failure(f"frames of {zone.name} that were handed over", what, BEYOND, ADD)
        if taken.intersection(block(pfn, order)):
            raise Failure("each frame once", said(pfn, order), "two blocks overlap", ADD)
        taken.update(block(pfn, order))
    if zone.given - taken:
        lost = frames.named(zone.given - taken)
        raise Failure(f"every frame of {zone.name}", f"missing: {lost}", LOST, ADD)
    expect_few(zone, found)


def expect_few(zone, found):
    must = sorted(zone.model.orders.values())
    got = sorted(order for _, order in found)
    if must != got:
        raise Failure(
            f"{len(must)} blocks in {zone.name}, of the largest orders that fit",
            f"{len(got)} blocks of the orders {sorted(set(got))}",
            "the largest aligned block that begins at the frame and ends by the end",
            ADD,
        )


def highmem(m):
    """With holes in it, and a boot module: the host makes them up, in what the boot knows."""
    zones = Zones(m)
    zone = zones.highmem
    for first in range(zone.start + 500, zone.end - 150, 400):
        make_hole(m, first, first + 150)
    make_module(m, zone.start + 1500, zone.start + 1533)
    ram = frames.of_kind(m, "PHYS_RAM", zone.end)
    zone.given = {pfn for pfn in ram if pfn >= zone.start}
    hint = "all RAM in which nothing lies (PHYS_RAM), and no other: not a hole, not a boot module"
    with expecting("zones_add_highmem returns", hint, ("zones_add_highmem",)):
        m.call("zones_add_highmem")
    taken = {pfn for first, order in zone.drain(hint) for pfn in block(first, order)}
    wrong, missing = taken - zone.given, zone.given - taken
    if wrong or missing:
        what = f"not RAM: {frames.named(wrong)}; missing: {frames.named(missing)}"
        raise Failure("all free RAM of high memory", what, hint, ("zones_add_highmem",))


def make_hole(m, start, end):
    """Cuts the last range of RAM in two."""
    info, layout = m.symbol("bootinfo"), m.layout
    count = m.read_word(info + layout["bootinfo_nranges"])
    last = info + layout["bootinfo_range"] + (count - 1) * layout["ram_range_size"]
    behind = m.read_word(last + layout["ram_range_end"])
    m.write_word(last + layout["ram_range_end"], start)
    last += layout["ram_range_size"]
    m.write_word(last + layout["ram_range_start"], end)
    m.write_word(last + layout["ram_range_end"], behind)
    m.write_word(info + layout["bootinfo_nranges"], count + 1)


def make_module(m, start, end):
    info, layout = m.symbol("bootinfo"), m.layout
    count = m.read_word(info + layout["bootinfo_nmodules"])
    module = info + layout["bootinfo_module"] + count * layout["boot_module_size"]
    for name, pfn in (("start", start), ("end", end)):
        m.write(module + layout[f"boot_module_{name}"], (pfn * PAGE_SIZE).to_bytes(8, "little"))
    m.write_word(module + layout["boot_module_fault"], 0)
    m.write_word(info + layout["bootinfo_nmodules"], count + 1)


def twice(m):
    """A page a second time, alone and in a range; frames that mem_map does not have."""
    zones = Zones(m)
    first = zones.room(64)
    zones.add(first, first + 40)
    end = zones.highmem.end
    wrong = {
        "a page that was handed over": (first + 3, first + 4),
        "a range whose second page was handed over": (first - 1, first + 1),
        "a range that ends behind the last frame": (end - 1, end + 1),
        "a range that ends before it begins": (first + 50, first + 45),
    }
    zones.normal.take(3)
    for what, (start, stop) in wrong.items():
        expect_panic(m, f"zone_add_pages({start:#x}, {stop:#x}), {what}", start, stop)


def expect_panic(m, what, start, stop):
    panic = m.panics("zone_add_pages", start, stop)
    if panic is None or panic.invariant != 44:
        raise Failure(
            f"{what}: a panic by invariant 44",
            panic or "it returned",
            "invariant 44: a page that is handed over was reserved until now, and is no longer",
            ADD,
        )


def split(m):
    """One block of the largest order: a page of it leaves one block of every smaller order."""
    zones = Zones(m)
    zone, first = zones.normal, zones.room(1 << MAX_ORDER)
    zones.add(first, first + (1 << MAX_ORDER))
    zone.take(0, LARGER)
    for order in reversed(range(MAX_ORDER)):
        zone.take(order, LARGER)
    expect_null(zone, 0)


def expect_null(zone, order):
    got = zone.try_alloc(order)
    if got is not None:
        hint = "nothing is free: two blocks overlap, or a count is wrong"
        raise Failure(f"order {order}: NULL", said(got, order), hint, ALLOC)


def smallest_first(m):
    """Blocks of several orders, handed over in an order that is neither up nor down."""
    zones = Zones(m)
    zone = zones.normal
    for order in (5, MAX_ORDER, 2, 8):
        first = zones.block(order)
        zones.add(first, first + (1 << order))
    for order in (2, 3, 0, 1, 6, 0, 2, 7, 4, 9, 1, 5):
        zone.alloc(order, SMALLEST)
    zone.alloc(MAX_ORDER, "no block is large enough, although enough pages are free: NULL")


def none_lost(m):
    """Blocks of all orders out of two large ones, then all that is left."""
    zones = Zones(m)
    zone, first = zones.normal, zones.room(2 << MAX_ORDER)
    zones.add(first, first + (2 << MAX_ORDER))
    taken = [(zone.take(order), order) for order in (0, 4, 9, 0, 7, 2)]
    taken += zone.drain(LOST)
    frames_taken = [pfn for start, order in taken for pfn in block(start, order)]
    missing = zone.given - set(frames_taken)
    if missing or len(frames_taken) != len(zone.given):
        what = f"{len(frames_taken)}; missing: {frames.named(missing)}"
        raise Failure(f"{len(zone.given)} pages, each once", what, LOST, ALLOC)


def aligned(m):
    """Pages that lie side by side, but are no buddies; buddies freed upper half first."""
    zones = Zones(m)
    zone = zones.normal
    first = zones.block(6)
    zones.add(first, first + 64)
    pages = pages_of(zone, 64)
    side_by_side, upper_first = (6, 5, 10, 9, 13, 14), (33, 32, 37, 36, 35, 34, 49, 48)
    for offset in side_by_side + upper_first:
        zone.free(pages[offset], 0)
    for pfn, order in zone.drain(ALIGNED):
        expect_aligned(zone, pfn, order)


def expect_aligned(zone, pfn, order):
    if pfn % (1 << order):
        raise Failure(f"a multiple of {1 << order:#x}", said(pfn, order), ALIGNED, FREE)
    if not zone.given.issuperset(block(pfn, order)):
        raise Failure("frames of this zone", said(pfn, order), ALIGNED, FREE)


def pages_of(zone, count):
    """All pages of the zone by themselves, in the order of their frames."""
    return sorted(zone.take(0) for _ in range(count))


def merge(m):
    """Pages freed upwards, downwards and crosswise: the block can be had again as a whole."""
    zones = Zones(m)
    zone, order = zones.normal, 5
    for arrange in (list, reversed, crosswise):
        first = zones.block(order)
        zones.add(first, first + (1 << order))
        for pfn in arrange(pages_of(zone, 1 << order)):
            zone.free(pfn, 0, MERGE)
        expect_whole(zone, order)
    expect_whole_largest(zones)


def crosswise(pages):
    return pages[1::2] + pages[0::4] + pages[2::4]


def expect_whole(zone, order):
    got = zone.try_alloc(order, MERGE)
    if got is None:
        what = f"order {order}: all pages of a block are free, so it can be had"
        raise Failure(what, "NULL", MERGE, FREE)
    zone.expect_free(got, order)
    zone.model.take(got, order)


def expect_whole_largest(zones):
    """Blocks of all orders, freed largest first."""
    zone, first = zones.normal, zones.room(1 << MAX_ORDER)
    zones.add(first, first + (1 << MAX_ORDER))
    taken = [(zone.take(order), order) for order in (*reversed(range(MAX_ORDER)), 0)]
    for pfn, order in taken:
        zone.free(pfn, order, MERGE)
    expect_whole(zone, MAX_ORDER)


def largest(m):
    """Two blocks of the largest order that would be buddies: they stay two, and nothing behind the
    zone's lists is written.
    """
    zones = Zones(m)
    zone, size = zones.normal, 1 << MAX_ORDER
    first = zones.room(2 * size, 2 * size)
    hint = "merging ends at MAX_ORDER: there is no list of larger blocks"
    behind = m.read(zones.highmem.at, m.layout["zone_size"])
    zones.add(first, first + 2 * size, hint)
    taken = [zone.try_alloc(MAX_ORDER, hint) for _ in range(2)]
    if set(taken) != {first, first + size}:
        what = ", ".join(said(pfn, MAX_ORDER) for pfn in taken)
        raise Failure("two blocks of the largest order", what, hint, FREE)
    for pfn in taken:
        zone.free(pfn, MAX_ORDER, hint)
    if m.read(zones.highmem.at, m.layout["zone_size"]) != behind:
        raise Failure("the next zone is not touched", "it has changed", hint, FREE)


def zones_apart(m):
    """The last frame below high memory and the first of it are buddies by their numbers."""
    zones = Zones(m)
    low, high = zones.normal, zones.highmem
    border = high.start
    hint = "the buddy belongs to another zone: the two stay apart"
    zones.add(border - 1, border + 1, hint)
    for zone, pfn in ((low, border - 1), (high, border)) * 2:
        expect_apart(zone, pfn, hint)
        zone.free(pfn, 0, hint)


def expect_apart(zone, pfn, hint):
    got = zone.try_alloc(1, hint)
    if got is not None:
        raise Failure(f"{zone.name}, order 1: NULL", said(got, 1), hint, FREE)
    got = zone.try_alloc(0, hint)
    if got != pfn:
        raise Failure(f"{zone.name}, order 0: {said(pfn, 0)}", said(got, 0), hint, FREE)
    zone.model.take(pfn, 0)


def counts(m):
    """After pages were given, taken and freed: zone->managed, zone->free, blocks of each order; and
    that nobody can see them half done.
    """
    zones = Zones(m)
    zone, before = zones.normal, zones.normal.figure("managed")
    for order in (9, 3, MAX_ORDER):
        first = zones.block(order)
        zones.add(first, first + (1 << order))
    expect_counts(zone, before)
    taken = [(zone.take(order), order) for order in (9, 9, 0, 3, 0, 1)]
    expect_counts(zone, before)
    for pfn, order in taken:
        zone.free(pfn, order)
    expect_counts(zone, before)
    expect_left_alone(zone)
    expect_locked(zone, zones.room(16, 16))


def expect_counts(zone, before):
    expect_figure(zone, "zone->managed", zone.figure("managed") - before, len(zone.given))
    expect_figure(zone, "zone->free", zone.figure("free"), len(zone.model.frames()))
    for order in range(MAX_ORDER + 1):
        must = list(zone.model.orders.values()).count(order)
        name = f"zone->area[{order}].count"
        expect_figure(zone, name, zone.figure("area", order), must)
    orders = sum(1 << order for order in set(zone.model.orders.values()))
    expect_figure(zone, "zone->orders", f"{zone.orders():#x}", f"{orders:#x}")


def expect_figure(zone, name, got, must):
    if got != must:
        hint = "zone->free and zone->managed count pages, area[].count blocks; a bit of zone->orders says whether there are any"
        raise Failure(f"{zone.name}: {name} is {must}", got, hint, FREE + ALLOC + ADD)


def random(m):
    """The same sequence each time, in two zones; every operation is judged by the model."""
    zones, chance = Zones(m), Random(m.seed)
    first = zones.room(3000)
    zones.add(first + 3, first + 2900)
    zones.add(zones.highmem.start, zones.highmem.start + 1111)
    held = []
    for number in range(300):
        hint = (
            f"operation {number} of a random sequence: do two blocks overlap? Is the order of the"
        )
        step(zones, chance, held, hint + " buddy looked at?")


def step(zones, chance, held, hint):
    if held and chance.random() < 0.45:
        zone, pfn, order = held.pop(chance.randrange(len(held)))
        zone.free(pfn, order, hint)
        return
    zone = chance.choice((zones.normal, zones.highmem))
    order = min(chance.randrange(11), chance.randrange(11))
    pfn = zone.alloc(order, hint)
    if pfn is not None:
        held.append((zone, pfn, order))
