"""The page-table walk as the CPU does it, from CR3, on the bytes of the RAM (SDM vol. 3, ch. 4)."""

from dataclasses import dataclass

PRESENT, LARGE = 1 << 0, 1 << 7
FLAGS = (
    (0, "P"),
    (1, "RW"),
    (2, "US"),
    (3, "PWT"),
    (4, "PCD"),
    (5, "A"),
    (6, "D"),
    (7, "PS"),
    (8, "G"),
    (63, "NX"),
)


@dataclass(frozen=True)
class Entry:
    level: str
    index: int
    address: int  # physical
    value: int

    @property
    def present(self):
        return bool(self.value & PRESENT)

    @property
    def flags(self):
        return " ".join(name for bit, name in FLAGS if self.value >> bit & 1)

    def __str__(self):
        said = self.flags if self.present else "not present"
        return f"{self.level}[{self.index}] at {self.address:#x} = {self.value:#x} ({said})"


@dataclass(frozen=True)
class Walk:
    """physical: where the address leads, or None; entries: those that the CPU reads on the way."""

    physical: int | None
    entries: tuple

    def __str__(self):
        to = "nowhere" if self.physical is None else f"{self.physical:#x}"
        return ", ".join(map(str, self.entries)) + f": leads to {to}"


@dataclass(frozen=True)
class Level:
    name: str
    shift: int
    bits: int
    may_be_large: bool


@dataclass(frozen=True)
class Format:
    levels: tuple
    entry_size: int
    address_mask: int
    root_mask: int


TWO_LEVEL = Format(
    (Level("PGD", 22, 10, True), Level("PTE", 12, 10, False)), 4, 0xFFFFF000, 0xFFFFF000
)
PAE = Format(
    (Level("PGD", 30, 2, False), Level("PMD", 21, 9, True), Level("PTE", 12, 9, False)),
    8,
    0x000FFFFFFFFFF000,
    0xFFFFFFE0,
)


def entry_at(read, form, level, table, virtual):
    index = virtual >> level.shift & ((1 << level.bits) - 1)
    address = table + index * form.entry_size
    return Entry(level.name, index, address, read(address, form.entry_size))


def walk(read, form, cr3, virtual):
    """read(physical, size) gives what RAM holds there."""
    table, entries = cr3 & form.root_mask, []
    for level in form.levels:
        entry = entry_at(read, form, level, table, virtual)
        entries.append(entry)
        if not entry.present:
            return Walk(None, tuple(entries))
        table = entry.value & form.address_mask
        if level.may_be_large and entry.value & LARGE or level is form.levels[-1]:
            offset = (1 << level.shift) - 1
            return Walk(table & ~offset | virtual & offset, tuple(entries))
    raise AssertionError("the last level leads somewhere")
