"""Frames: what mem_map says of them, the zones, the buddy allocator's free blocks, the per-CPU
lists.
"""

import collections
from dataclasses import dataclass

from kernelview import Unavailable, objects

NR_ORDERS = 11


class MemMap:
    """mem_map, read in one go: flags, users and owner's words of every frame as lists."""

    def __init__(self, machine):
        machine.need("mem_map", 6, "mem_map, the zones and the buddy allocator")
        kind = objects.layout("struct page")
        self.machine = machine
        self.base, self.count = machine.var("mem_map"), machine.var("max_pfn")
        self.size = objects.gdb.lookup_type("struct page").sizeof
        data = memoryview(machine.read(self.base, self.size * self.count)).cast("I")
        step = self.size // 4
        column = {
            name: data[kind[name][0] // 4 :: step]
            for name in ("flags", "count", "order", "virtual", "mappings", "owner")
        }
        self.flags, self.users = column["flags"].tolist(), column["count"].tolist()
        self.order, self.virtual = column["order"].tolist(), column["virtual"].tolist()
        self.mappings, self.owner = column["mappings"], column["owner"]  # of those with PG_USER

    def user_frames(self):
        """Frames that have an owner (kernel/mm/user/frames.h)."""
        bit = self.machine.constants["PG_USER"]
        return [pfn for pfn, flags in enumerate(self.flags) if flags & bit]

    def pfn(self, page):
        return (page - self.base) // self.size

    def zone(self, pfn):
        return self.flags[pfn] & self.machine.constants["PG_ZONE_MASK"]

    def has(self, pfn, flag):
        return bool(self.flags[pfn] & self.machine.constants["PG_" + flag])


def zone_objects(machine):
    machine.need("mem_map", 6, "mem_map, the zones and the buddy allocator")
    return machine.var("zones")


def zone_name(machine, zone):
    return machine.string(zone.name)


def page_object(machine, pfn):
    size = objects.gdb.lookup_type("struct page").sizeof
    return machine.object("struct page", machine.var("mem_map") + pfn * size)


# ---- One frame in words ----


def flag_names(machine, flags):
    return [word for bit, word in machine.constants.flags("PG_").items() if flags & bit]


def describe(machine, physical):
    """What the kernel knows of the frame that holds a physical address."""
    pfn = physical >> 12
    if not machine.var("mem_map"):
        return f"frame {pfn:#x}: there is no mem_map yet (boot step 6)"
    if pfn >= machine.var("max_pfn"):
        return f"frame {pfn:#x}: beyond mem_map, no RAM of the kernel's (a device?)"
    page = page_object(machine, pfn)
    return f"frame {pfn:#x}: " + ", ".join(frame_words(machine, page))


def short_description(machine, physical):
    """The same in lines of a few letters."""
    pfn = physical >> 12
    if not machine.var("mem_map") or pfn >= machine.var("max_pfn"):
        return [f"frame {pfn:#x}"]
    page = page_object(machine, pfn)
    return [f"frame {pfn:#x}"] + frame_words(machine, page)[:2]


def frame_words(machine, page):
    zones = machine.var("zones")
    words = [f"zone {zone_name(machine, zones[page.flags & machine.constants['PG_ZONE_MASK']])}"]
    names = flag_names(machine, page.flags)
    if page.flags & machine.constants["PG_BUDDY"]:
        words.append(f"free, first of a block of order {page.order}")
    elif not page.count and not names:
        words.append("no user of its own: inside a free block, or of a larger allocation")
    else:
        words.append(f"{page.count} user{'s' if page.count != 1 else ''}")
    if page.flags & machine.constants["PG_OBJECTS"]:
        words.append(
            "objects of " + machine.string(machine.object("struct object_cache", page.cache).name)
        )
    words += [name for name in names if name not in ("buddy", "objects")]
    if page.virtual:
        words.append(f"kmapped at {page.virtual:#010x}")
    return words


# ---- Zones ----


@dataclass
class ZoneFigures:
    name: str
    zone: object
    percpu: int  # pages in the CPUs' short lists


def percpu_blocks(machine, zone_type):
    """Blocks in the CPUs' short lists for a zone, by order."""
    blocks = collections.Counter()
    for cpu in machine.cpu_numbers:
        for order, stacks in enumerate(machine.percpu("page_stacks", cpu).of):
            blocks[order] += stacks[zone_type].count
    return blocks


def percpu_pages(machine, zone_type):
    return sum(count << order for order, count in percpu_blocks(machine, zone_type).items())


def figures(machine):
    return [
        ZoneFigures(zone_name(machine, zone), zone, percpu_pages(machine, zone.type))
        for zone in zone_objects(machine)
    ]


def zones_lines(machine):
    lines = [
        "zone     frames from   to        managed      free  per-CPU    in use      min     low    high  short"
    ]
    totals = [0, 0, 0, 0]
    for z in figures(machine):
        zone = z.zone
        used = zone.managed - zone.free - z.percpu
        totals = [a + b for a, b in zip(totals, (zone.managed, zone.free, z.percpu, used))]
        lines.append(
            f"{z.name:8} {zone.start:#9x} {zone.end:#9x} {zone.managed:10} {zone.free:9} {z.percpu:8} {used:9} "
            f"{zone.min:8} {zone.low:7} {zone.high:7}  {'yes' if zone.is_short else 'no'}"
        )
    lines.append(f"{'together':28} {totals[0]:10} {totals[1]:9} {totals[2]:8} {totals[3]:9}")
    return lines + reserve_lines(machine)


def reserve_lines(machine):
    zones = zone_objects(machine)
    names = [zone_name(machine, zone) for zone in zones]
    return [
        f"{names[n]} keeps {kept} pages from requests that could have had {names[top]}"
        for n, zone in enumerate(zones)
        for top, kept in enumerate(zone.reserve)
        if kept
    ]


# ---- Buddy ----


def blocks(machine, zone, order):
    """Frame numbers of the free blocks of one order, in the order of the list."""
    area = zone.area[order]
    base, size = machine.var("mem_map"), objects.gdb.lookup_type("struct page").sizeof
    offset = objects.layout("struct page")["list"][0]
    nodes = machine.list_nodes(area.address_of("blocks"), zone.managed + 1)
    return [(node - offset - base) // size for node in nodes]


def buddy_lines(machine, name=""):
    lines = [
        "free blocks      " + "".join(f"{2 ** order:>7}" for order in range(NR_ORDERS)) + " pages"
    ]
    for zone in zone_objects(machine):
        if name and zone_name(machine, zone).lower() != name.lower():
            continue
        counts = [area.count for area in zone.area]
        lines.append(f"{zone_name(machine, zone):16} " + "".join(f"{count:7}" for count in counts))
        total = sum(count << order for order, count in enumerate(counts))
        lines.append(f"{'':16}   together {total} pages; the zone says {zone.free} free")
        if name:
            lines += [
                f"  order {order:2}: " + frames_words(blocks(machine, zone, order))
                for order in range(NR_ORDERS)
                if counts[order]
            ]
    if len(lines) == 1:
        raise Unavailable(
            f"there is no zone {name}: "
            + ", ".join(zone_name(machine, zone) for zone in zone_objects(machine))
        )
    return lines


def frames_words(pfns, most=12):
    words = " ".join(f"{pfn:#x}" for pfn in pfns[:most])
    return words + (f" and {len(pfns) - most} more" if len(pfns) > most else "")


def drawing(machine, zone, first, count=64):
    """Frames from `first` on in characters: what is free, by order of its block, and what is in
    use.
    """
    owner = {}
    for order in range(NR_ORDERS):
        for pfn in blocks(machine, zone, order):
            owner |= {
                frame: f"{order:x}"
                for frame in range(max(pfn, first), min(pfn + (1 << order), first + count))
            }
    return "".join(owner.get(pfn, "#") for pfn in range(first, min(first + count, zone.end)))
