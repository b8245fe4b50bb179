"""What has changed in the kernel's page tables and in the pool since the stop before."""

from dataclasses import dataclass

from kernelview import Unavailable, paging, pkmap

SHOWN = 40


@dataclass
class Snapshot:
    format: object
    tables: dict  # physical address to (name of the level, content)
    counts: list  # of the pool's slots; empty before boot step 5
    last: int


def take(machine):
    """None before there are page tables of the kernel's own."""
    form, pgd = machine.format, machine.kernel_pgd
    tables = {table: (level, machine.read_physical(table, level.entries * form.entry_bytes))
              for table, level in paging.tables(machine.read_physical, form, pgd, machine.direct_map_bytes)}
    cpu = machine.cpu()
    if cpu.paging:
        root = cpu.cr3 & ~0x1F
        for table, level in paging.tables(machine.read_physical, form, root, machine.direct_map_bytes):
            tables.setdefault(table, (level, machine.read_physical(table, level.entries * form.entry_bytes)))
    found = pkmap.Pool(machine) if machine.var("pkmap_slots") else None
    return Snapshot(form, tables, found.counts if found else [], found.last if found else None)


class History:
    """The last two stops."""

    def __init__(self):
        self.before = self.now = None

    def stopped(self, machine):
        try:
            snapshot = take(machine)
        except Unavailable:
            snapshot = None
        self.before, self.now = self.now, snapshot


def entry_changes(form, level, old, new):
    size = form.entry_bytes
    for n in range(level.entries):
        a, b = old[n * size:(n + 1) * size], new[n * size:(n + 1) * size]
        if a != b:
            yield n, int.from_bytes(a, "little"), int.from_bytes(b, "little")


def entry_words(form, value):
    if not value & paging.PRESENT:
        return paging.flag_words(value)
    return f"frame {(value & form.frame_mask) >> 12:#x} {paging.flag_words(value)}"


def table_lines(before, now):
    form = now.format
    for table, (level, new) in now.tables.items():
        if table not in before.tables:
            yield f"{level.name} table at physical {table:#x} is new"
            continue
        for index, old_value, value in entry_changes(form, level, before.tables[table][1], new):
            yield (f"{level.name} table at {table:#x}, entry {index}: {entry_words(form, old_value)} -> "
                   f"{entry_words(form, value)}")
    for table, (level, _) in before.tables.items():
        if table not in now.tables:
            yield f"{level.name} table at physical {table:#x} is no longer reached"


def pool_lines(before, now):
    if before.last != now.last:
        yield f"pool: the slot handed out last was {before.last}, is {now.last}"
    for slot, (old, new) in enumerate(zip(before.counts, now.counts)):
        if old != new:
            yield f"pool: slot {slot}: count {old} -> {new}"


def lines(history):
    if not history.before or not history.now:
        raise Unavailable("there is no stop to compare with: page tables stood at fewer than two stops")
    found = list(table_lines(history.before, history.now)) + list(pool_lines(history.before, history.now))
    if not found:
        return ["nothing has changed in the kernel's page tables and in the pool since the stop before"]
    return found[:SHOWN] + ([f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else [])
