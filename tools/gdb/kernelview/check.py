"""The invariants that can be judged from outside (docs/invariants.md numbers them): those about
what is in memory now.

What holds only while a lock is free is not judged while it is held: the answer says so.
"""

import collections
from dataclasses import dataclass, field

from kernelview import (
    Unavailable,
    locks,
    pages,
    paging,
    pkmap,
    quicklists,
    threads,
    tlb,
)
from kernelview.names import name_of
from kernelview.user import frame_invariants, object_invariants, tasks

SHOWN = 5  # findings of one invariant


@dataclass
class Report:
    # Number to what is broken.
    findings: dict = field(default_factory=lambda: collections.defaultdict(list))
    looked_at: set = field(default_factory=set)  # numbers for which there was something to look at
    asked: set = field(default_factory=set)  # numbers for which something was looked for
    partial: set = field(default_factory=set)  # numbers of which a part was not judged
    left_out: list = field(default_factory=list)  # which, and why

    def look(self, *numbers):
        """Something has been looked at, or is about to be, that could break each of these."""
        self.looked_at.update(numbers)

    def broken(self, number, words):
        self.looked_at.add(number)
        self.findings[number].append(words)

    def leave(self, what, numbers, why):
        self.partial.update(numbers)
        self.left_out.append(f"{what} ({number_words(numbers)}): {why}")

    def verdict(self, number):
        if number not in self.looked_at:
            return "not judged" if number in self.partial else "nothing"
        if self.findings[number]:
            return "broken"
        return "part" if number in self.partial else "holds"

    def numbers(self, verdict):
        known = sorted(self.asked | self.looked_at)
        return [number for number in known if self.verdict(number) == verdict]


def number_words(numbers):
    return ", ".join(map(str, numbers))


def held(machine, lock, report, what, numbers):
    """True if the lock is taken: then what it guards may be between two states."""
    if locks.taken(lock):
        report.leave(what, numbers, f"{machine.string(lock.name)} is held by CPU {lock.owner}")
    return locks.taken(lock)


# ---- PKMap: 1, 2, 3, 5, 12, 22 ----

OWNERS = (1, 2, 3, 22)


def check_pool(machine, report, frames):
    found = pkmap.Pool(machine)
    if held(machine, machine.var("kmap_lock"), report, "the PKMap", (*OWNERS, 12)):
        return
    owners = {}
    for slot in found.slots():
        report.look(1)
        if slot.count <= 0:
            check_unused_slot(slot, report)
        else:
            check_used_slot(machine, slot, report, frames, owners)
    if frames:
        check_addresses(found, frames, owners, report)
    else:
        report.leave("the pages that own slots", OWNERS, "there is no mem_map yet (boot step 6)")
    check_sleepers(machine, found, report)
    check_uses(machine, found, report)


def check_unused_slot(slot, report):
    if slot.entry:
        report.broken(
            1,
            f"slot {slot.number} has count {slot.count} but the entry {paging.flag_words(slot.entry)}",
        )


def check_used_slot(machine, slot, report, frames, owners):
    report.look(2)
    if slot.owner is None:
        number = 1 if not slot.entry else 2
        report.broken(
            number,
            f"slot {slot.number} has count {slot.count} but its entry is {paging.flag_words(slot.entry)}",
        )
        return
    wrong = wrong_protection(machine, slot.entry)
    if wrong:
        report.broken(
            2, f"slot {slot.number}: its entry is {wrong}: {paging.flag_words(slot.entry)}"
        )
    if slot.owner in owners:
        report.broken(3, f"frame {slot.owner:#x} owns slots {owners[slot.owner]} and {slot.number}")
    owners[slot.owner] = slot.number
    if frames:
        check_owner(machine, slot, report, frames)


def wrong_protection(machine, entry):
    if not entry & paging.RW:
        return "read-only"
    if entry & paging.USER:
        return "open to user mode"
    nx = machine.var("pte_nx_bit")
    return "executable" if nx and not entry & nx else ""


def check_owner(machine, slot, report, frames):
    report.look(3, 22)
    if slot.owner >= frames.count:
        report.broken(
            2, f"slot {slot.number} leads to frame {slot.owner:#x}, which is beyond mem_map"
        )
        return
    if frames.zone(slot.owner) != machine.constants["ZONE_HIGHMEM"]:
        report.broken(
            3, f"slot {slot.number} is owned by frame {slot.owner:#x}, which is no high page"
        )
    if frames.virtual[slot.owner] != slot.address:
        said = frames.virtual[slot.owner]
        report.broken(
            2,
            f"slot {slot.number} leads to frame {slot.owner:#x}, whose address is {said:#010x}, "
            f"not {slot.address:#010x}",
        )
    if frames.has(slot.owner, "BUDDY") or frames.has(slot.owner, "PERCPU"):
        report.broken(
            22,
            f"slot {slot.number} (count {slot.count}) maps frame {slot.owner:#x}, which is with the page allocator",
        )


def check_addresses(found, frames, owners, report):
    """Pages that say that they have a slot, of whose slots none knows them."""
    for pfn, virtual in enumerate(frames.virtual):
        if virtual and pfn not in owners:
            report.broken(
                1,
                f"frame {pfn:#x} says it is mapped at {virtual:#010x}, slot {(virtual - found.base) // 4096}, "
                "but no slot holds it",
            )


def check_uses(machine, found, report):
    """The debug build counts the kmaps of each thread: together they are the uses of all slots."""
    if not machine.has_var("shadow_cpu") or not machine.var("thread_cache").per_page:
        return
    everyone = threads.all_threads(machine)
    if any(
        "kmap" in name_of(address)
        for thread in everyone
        if thread.running_on
        for address in thread.trace
    ):
        report.leave("uses of the PKMap's slots", (5,), "a CPU is inside of kmap or kunmap")
        return
    report.look(5)
    held = sum(machine.object("struct thread", thread.address).kmaps for thread in everyone)
    uses = sum(max(0, count - 1) for count in found.counts)
    if held != uses:
        report.broken(5, f"threads hold {held} kmaps, the slots count {uses} uses")


def check_sleepers(machine, found, report):
    """Whoever is queued found too few slots, or has been woken since: then it is no longer
    queued.
    """
    waiting = pkmap.pool_waiters(machine)
    report.look(12)
    in_use = sum(count >= 2 for count in found.counts)
    if in_use != machine.var("pkmap_in_use"):
        report.broken(
            12, f"{in_use} slots are in use, but pkmap_in_use is {machine.var('pkmap_in_use')}"
        )
    if waiting and not in_use:
        name = machine.string(waiting[0].address_of("name"), 16)
        report.broken(12, f"thread {name} waits for a slot, but not one is in use")


# ---- Page tables: 19, 27, 33, 49 ----


def user_pgds(machine):
    """PGDs in use beside the kernel's own: of tasks, threads, and in the CPUs' CR3; with words for
    whose each is.
    """
    found = {}
    for task in tasks.living_tasks(machine):
        if task.mm and not task.reaped:
            pgd = machine.object("struct mm", task.mm).tlb.pgd
            found[pgd - machine.page_offset] = f"task {task.number}"
    for address in threads.addresses(machine):
        thread = machine.object("struct thread", address)
        if thread.mm:
            pgd = machine.object("struct mm", thread.mm).tlb.pgd
            found.setdefault(pgd - machine.page_offset, f"the address space {thread.mm:#x}")
    for cpu in machine.cpus():
        if cpu.paging:
            found.setdefault(tlb.pgd_of(machine, cpu.cr3), f"what {cpu.name} has in CR3")
    found.pop(machine.kernel_pgd, None)
    return found


def kernel_part(machine, pgd):
    """Entries of the kernel's part; of a PDPTE without the Accessed bit that QEMU's TCG sets
    (docs/invariants.md).
    """
    form = machine.format
    first = machine.page_offset >> form.levels[0].shift
    mask = (form.frame_mask | paging.PRESENT) if form.entry_bytes == 8 else (1 << 32) - 1
    return {
        n: paging.read_entry(machine.read_physical, form, pgd, n) & mask
        for n in range(first, form.levels[0].entries)
    }


def check_kernel_parts(machine, report):
    reference = kernel_part(machine, machine.kernel_pgd)
    for pgd, whose in user_pgds(machine).items():
        report.look(19)
        for index, value in kernel_part(machine, pgd).items():
            if value != reference[index]:
                report.broken(
                    19,
                    f"PGD {pgd:#x} ({whose}): entry {index} is {value:#x}, "
                    f"the reference's is {reference[index]:#x}",
                )


def check_cr3(machine, report):
    """A CPU that is not in a mask does not run on its PGD.  Inside a switch, with interrupts off,
    it may.
    """
    for cpu in machine.cpus():
        if cpu.number is None or not cpu.paging:
            continue
        if not cpu.interrupts_on:
            why = "its interrupts are off, so it may be inside a switch"
            report.leave(f"CR3 of {cpu.name}", (27,), why)
            continue
        report.look(27)
        pgd = tlb.pgd_of(machine, cpu.cr3)
        if pgd == machine.kernel_pgd:
            continue
        active = machine.percpu("active_mm", cpu.number)
        mm = machine.object("struct mm_tlb", active) if active else None
        if not mm or mm.pgd - machine.page_offset != pgd:
            report.broken(
                27,
                f"{cpu.name} has PGD {pgd:#x} in CR3, but active_mm names {'another' if mm else 'none'}",
            )
        elif not mm.cpus >> cpu.number & 1:
            report.broken(
                27,
                f"{cpu.name} has PGD {pgd:#x} in CR3, but is not in the mask {mm.cpus:#x} of its address space",
            )


def check_tables(machine, report, frames):
    """Tables that are walked are low pages, and in one place: not in a free block, not in a
    quicklist.
    """
    report.look(33, 49)
    roots = [machine.kernel_pgd] + list(user_pgds(machine))
    cached = {table - machine.page_offset for q in quicklists.read(machine) for table in q.tables}
    for root in roots:
        for table, level in paging.tables(
            machine.read_physical, machine.format, root, machine.direct_map_bytes
        ):
            check_table(machine, report, frames, table, level, cached)


def check_table(machine, report, frames, table, level, cached):
    pfn = table >> 12
    if frames.zone(pfn) == machine.constants["ZONE_HIGHMEM"]:
        report.broken(49, f"{level.name} table at physical {table:#x} lies in high memory")
    if frames.has(pfn, "BUDDY") or frames.has(pfn, "PERCPU"):
        report.broken(
            33, f"{level.name} table at physical {table:#x} is in use and with the page allocator"
        )
    if table & ~0xFFF in cached or frames.has(pfn, "TABLE_CACHED"):
        report.broken(33, f"{level.name} table at physical {table:#x} is in use and in a quicklist")


# ---- Atomic kmaps: 28, 29, 30 ----


def check_atomic(machine, report):
    for cpu in pkmap.atomic_slots(machine):
        report.look(28, 29)
        if cpu.depth > len(cpu.slots):
            report.broken(
                28,
                f"CPU {cpu.cpu} holds {cpu.depth} atomic kmaps, there are {len(cpu.slots)} slots",
            )
        for n, (address, entry) in enumerate(cpu.slots):
            if entry and n >= cpu.depth:
                report.broken(
                    29,
                    f"CPU {cpu.cpu}: slot {n} at {address:#010x} has the entry {entry:#x}, "
                    f"but its depth is {cpu.depth}",
                )


def check_idle_depths(machine, report):
    """A halted CPU has scheduled: it holds no lock and no atomic kmap."""
    idle = machine.var("cpu_idle_mask")
    for cpu in machine.cpus():
        if cpu.number is None or not idle >> cpu.number & 1 or not cpu.interrupts_on:
            continue
        report.look(18, 30)
        depths = machine.percpu("nosleep", cpu.number)
        for number, depth, words in (
            (18, depths.locks, "spinlocks"),
            (30, depths.kmaps, "atomic kmaps"),
        ):
            if depth:
                report.broken(number, f"CPU {cpu.number} is idle and holds {depth} {words}")


# ---- Quicklists: 32, 33, 34, 35 ----


def check_quicklists(machine, report):
    for q in quicklists.read(machine):
        report.look(32)
        where = f"CPU {q.cpu}, {q.level} quicklist"
        if q.end:
            report.broken(32, f"{where}: {q.end}")
        elif len(q.tables) != q.count:
            report.broken(32, f"{where}: count {q.count}, but {len(q.tables)} are listed")
        for table in q.tables:
            check_cached(machine, report, where, q.level, table)


def check_cached(machine, report, where, level, table):
    report.look(33, 35 if level == "PGD" else 34)
    page = pages.page_object(machine, table - machine.page_offset >> 12)
    if page.flags & machine.constants["PG_TABLE_MASK"] != machine.constants["PG_TABLE_CACHED"]:
        report.broken(33, f"{where}: table {table:#010x} is not marked as cached")
    data = bytearray(machine.read(table, 4096))
    link = quicklists.link_of(machine, level.lower(), table) - table
    data[link : link + 4] = bytes(4)
    if level != "PGD":
        if any(data):
            report.broken(34, f"{where}: table {table:#010x} is not zero behind its link")
        return
    first = (machine.page_offset >> machine.format.levels[0].shift) * machine.format.entry_bytes
    if any(data[:first]):
        report.broken(35, f"{where}: PGD {table:#010x} has a user entry")
    if kernel_part(machine, table - machine.page_offset) != kernel_part(
        machine, machine.kernel_pgd
    ):
        report.broken(35, f"{where}: PGD {table:#010x} has another kernel part than the reference")


# ---- Zones: 46, 47, 48, 51 ----


def check_zones(machine, report, frames):
    for zone in pages.zone_objects(machine):
        name = pages.zone_name(machine, zone)
        if not held(machine, zone.lock, report, f"zone {name}", (46, 47, 48, 51)):
            check_zone(machine, report, frames, zone, name)
            check_percpu(machine, report, frames, zone.type)


def check_zone(machine, report, frames, zone, name):
    report.look(46)
    blocks, total = {}, 0
    for order in range(len(zone.area)):
        try:
            found = pages.blocks(machine, zone, order)
        except Unavailable as broken:
            report.broken(46, f"zone {name}, order {order}: {broken}")
            continue
        if len(found) != zone.area[order].count:
            report.broken(
                46,
                f"zone {name}, order {order}: count {zone.area[order].count}, but {len(found)} blocks are listed",
            )
        total += len(found) << order
        blocks |= dict.fromkeys(found, order)
    if total != zone.free:
        report.broken(
            46, f"zone {name}: {zone.free} pages free by its count, {total} by its blocks"
        )
    orders = sum(1 << order for order in set(blocks.values()))
    if orders != zone.orders:
        report.broken(
            46, f"zone {name}: orders says {zone.orders:#b}, there are blocks of {orders:#b}"
        )
    check_blocks(machine, report, frames, zone, name, blocks)


def check_blocks(machine, report, frames, zone, name, blocks):
    end = zone.start
    for pfn in sorted(blocks):
        report.look(47, 48)
        order = blocks[pfn]
        words = f"zone {name}: block {pfn:#x} of order {order}"
        if pfn % (1 << order) or pfn < zone.start or pfn + (1 << order) > zone.end:
            report.broken(47, f"{words} is not aligned, or leaves its zone")
            continue
        if pfn < end:
            report.broken(47, f"{words} overlaps the block before it")
        end = pfn + (1 << order)
        if (
            order + 1 < len(zone.area)
            and blocks.get(pfn ^ 1 << order) == order
            and pfn & 1 << order
        ):
            report.broken(
                48, f"{words} and its buddy {pfn ^ 1 << order:#x} are both free, and apart"
            )
        if not frames.has(pfn, "BUDDY") or frames.order[pfn] != order or frames.users[pfn]:
            report.broken(
                46,
                f"{words}: its first page says flags {frames.flags[pfn]:#x}, order {frames.order[pfn]}, "
                f"{frames.users[pfn]} users",
            )


def check_percpu(machine, report, frames, number):
    """The short lists: as many blocks marked, on their first pages, as the counts say."""
    report.look(51)
    listed = sum(pages.percpu_blocks(machine, number).values())
    mask, bit = machine.constants["PG_ZONE_MASK"], machine.constants["PG_PERCPU"]
    marked = sum(1 for flags in frames.flags if flags & bit and flags & mask == number)
    if marked != listed:
        report.broken(
            51,
            f"zone number {number}: {marked} blocks are marked as in per-CPU lists, whose counts are {listed}",
        )


# ---- Locks: 18 ----


def check_lock_owners(machine, report):
    """A lock that is held is held by a CPU that says that it holds locks."""
    for lock in locks.all_locks(machine):
        if not lock.taken or lock.owner not in machine.cpu_numbers:
            continue
        report.look(18)
        if not machine.percpu("nosleep", lock.owner).locks:
            report.broken(
                18,
                f"lock {lock.name} ({lock.where}) is held by CPU {lock.owner}, which holds no lock",
            )


# ---- All ----


CHECKS = [  # what is judged, its numbers, the variable that must be there, and the function
    (
        "page tables",
        (19, 27),
        "kernel_pgd",
        lambda m, r, f: (check_kernel_parts(m, r), check_cr3(m, r)),
    ),
    ("page-table pages", (33, 49), "mem_map", check_tables),
    ("the PKMap", (*OWNERS, 12), "pkmap_slots", check_pool),
    ("atomic slots", (28, 29), "kernel_pgd", lambda m, r, f: check_atomic(m, r)),
    ("idle CPUs", (18, 30), "kernel_pgd", lambda m, r, f: check_idle_depths(m, r)),
    ("quicklists", (32, 33, 34, 35), "mem_map", lambda m, r, f: check_quicklists(m, r)),
    ("zones", (46, 47, 48, 51), "mem_map", check_zones),
    ("locks", (18,), "kernel_pgd", lambda m, r, f: check_lock_owners(m, r)),
    *object_invariants.CHECKS,
    *frame_invariants.CHECKS,
]


def check(machine):
    report = Report()
    frames = pages.MemMap(machine) if machine.var("mem_map") and not handing_over(machine) else None
    for what, numbers, variable, judge in CHECKS:
        report.asked.update(numbers)
        if not machine.var(variable) or (variable == "mem_map" and not frames):
            report.leave(what, numbers, "the kernel has not come that far")
            continue
        try:
            judge(machine, report, frames)
        except Unavailable as why:
            report.leave(what, numbers, str(why))
    return report


def handing_over(machine):
    """Inside boot step 6 mem_map stands, but the zones are still being filled."""
    return not any(zone.managed for zone in machine.var("zones"))


def lines(machine):
    report = check(machine)
    text = [f"not judged: {why}" for why in report.left_out]
    for number in report.numbers("broken"):
        found = report.findings[number]
        text += [f"invariant {number} is broken: {words}" for words in found[:SHOWN]]
        if len(found) > SHOWN:
            text.append(f"invariant {number}: {len(found) - SHOWN} more")
    for kind, words in (
        ("nothing", "nothing was there to look at"),
        ("part", "hold, but for what was not judged"),
    ):
        numbers = number_words(report.numbers(kind))
        text += [f"{words}: {numbers}"] if numbers else []
    good = number_words(report.numbers("holds"))
    return text + [f"invariants that hold: {good or 'none could be judged'}"]
