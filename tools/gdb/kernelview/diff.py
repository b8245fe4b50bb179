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
    tables = {
        table: (level, machine.read_physical(table, level.entries * form.entry_bytes))
        for table, level in paging.tables(
            machine.read_physical, form, pgd, machine.direct_map_bytes
        )
    }
    cpu = machine.cpu()
    if cpu.paging:
        root = cpu.cr3 & ~0x1F
        for table, level in paging.tables(
            machine.read_physical, form, root, machine.direct_map_bytes
        ):
            tables.setdefault(
                table, (level, machine.read_physical(table, level.entries * form.entry_bytes))
            )
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


# ---- Groups: what has changed in the same way side by side is one line ----


def groups(items, follows):
    """Splits a sequence where an item does not follow the one before it."""
    found = []
    for item in items:
        if found and follows(found[-1][-1], item):
            found[-1].append(item)
        else:
            found.append([item])
    return found


def numbered(what, first, last):
    return f"{what} {first}" if first == last else f"{PLURALS[what]} {first} to {last}"


PLURALS = {"entry": "entries", "slot": "slots", "frame": "frames"}


# ---- Page tables ----


def entry_changes(form, level, old, new):
    """(index, value before, value now) of every entry that has changed."""
    size = form.entry_bytes
    for n in range(level.entries):
        a, b = old[n * size : (n + 1) * size], new[n * size : (n + 1) * size]
        if a != b:
            yield n, int.from_bytes(a, "little"), int.from_bytes(b, "little")


def same_flags(one, other):
    return all(paging.flag_words(a) == paging.flag_words(b) for a, b in zip(one[1:], other[1:]))


def entry_words(form, values):
    """Entries with the same flags: their frames by number if all are equally far apart."""
    words = paging.flag_words(values[0])
    if not values[0] & paging.PRESENT:
        return words
    frames = [(value & form.frame_mask) >> 12 for value in values]
    steps = {b - a for a, b in zip(frames, frames[1:])}
    if len(steps) > 1:
        return f"scattered frames {words}"
    last = frames[-1] if steps else frames[0]
    step = f" in steps of {steps.pop():#x}" if steps - {0, 1} else ""
    return f"{numbered('frame', *(f'{n:#x}' for n in (frames[0], last)))}{step} {words}"


def change_lines(form, level, table, changes):
    for group in groups(changes, lambda a, b: b[0] == a[0] + 1 and same_flags(a, b)):
        where = numbered("entry", group[0][0], group[-1][0])
        old, new = (entry_words(form, [change[n] for change in group]) for n in (1, 2))
        yield f"{level.name} table at {table:#x}, {where}: {old} -> {new}"


def tables_words(tables, what):
    """`tables`: pairs of address and level."""
    in_order = sorted(tables, key=lambda pair: (pair[1].shift, pair[0]))
    for group in groups(in_order, lambda a, b: a[1] is b[1] and b[0] == a[0] + 4096):
        (first, level), last = group[0], group[-1][0]
        yield (
            f"{level.name} table at physical {first:#x} is {what}"
            if first == last
            else f"{len(group)} {level.name} tables at physical {first:#x} to {last:#x} are {what}"
        )


def only_in(tables, others):
    return [(table, level) for table, (level, _) in tables.items() if table not in others]


def table_lines(before, now):
    form = now.format
    yield from tables_words(only_in(now.tables, before.tables), "new")
    for table, (level, new) in now.tables.items():
        if table in before.tables:
            changes = entry_changes(form, level, before.tables[table][1], new)
            yield from change_lines(form, level, table, changes)
    yield from tables_words(only_in(before.tables, now.tables), "no longer reached")


# ---- The pool ----


def count_word(count):
    return "RETIRED" if count < 0 else str(count)


def slot(number):
    return "none" if number is None else number


def pool_lines(before, now):
    if before.last != now.last:
        yield f"pool: the slot handed out last was {slot(before.last)}, is {slot(now.last)}"
    pairs = enumerate(zip(before.counts, now.counts))
    changes = [(slot, old, new) for slot, (old, new) in pairs if old != new]
    for group in groups(changes, lambda a, b: b[0] == a[0] + 1 and a[1:] == b[1:]):
        _, old, new = group[0]
        slots = numbered("slot", group[0][0], group[-1][0])
        yield f"pool: {slots}: count {count_word(old)} -> {count_word(new)}"


def lines(history):
    if not history.before or not history.now:
        raise Unavailable(
            "there is no stop to compare with: page tables stood at fewer than two stops"
        )
    found = list(table_lines(history.before, history.now)) + list(
        pool_lines(history.before, history.now)
    )
    if not found:
        return [
            "nothing has changed in the kernel's page tables and in the pool since the stop before"
        ]
    return found[:SHOWN] + ([f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else [])
