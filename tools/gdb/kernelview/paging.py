"""Walks of page tables by software, in both formats (Intel SDM vol. 3, 4.3 and 4.4).  Knows no
debugger.
"""

from dataclasses import dataclass, field

from drawing.walk import Table, WalkPicture

PAGE = 4096
PRESENT, RW, USER, PWT, PCD, ACCESSED, DIRTY, LARGE, GLOBAL = (1 << n for n in range(9))
NX = 1 << 63
WORDS = [
    (RW, "RW", "RO"),
    (USER, "US", ""),
    (PWT, "PWT", ""),
    (PCD, "PCD", ""),
    (ACCESSED, "A", ""),
    (DIRTY, "D", ""),
    (LARGE, "PS", ""),
    (GLOBAL, "G", ""),
    (NX, "NX", ""),
]
LONG_WORDS = {
    "P": "present",
    "RW": "writable",
    "RO": "read-only",
    "US": "user",
    "PWT": "write-through",
    "PCD": "uncached",
    "A": "accessed",
    "D": "dirty",
    "PS": "large page",
    "G": "global",
    "NX": "no-execute",
}


@dataclass(frozen=True)
class Level:
    name: str
    shift: int
    entries: int
    large: bool = False  # may an entry map a page by itself?
    rights: bool = (
        True  # does an entry have rights of its own? (a PDPTE has none: SDM vol. 3, 4.4.2)
    )


@dataclass(frozen=True)
class Format:
    name: str
    entry_bytes: int
    frame_mask: int
    levels: tuple

    def split(self, address):
        """The index at each level, then the offset."""
        return [address >> level.shift & level.entries - 1 for level in self.levels] + [
            address % PAGE
        ]


TWO_LEVEL = Format("2-level", 4, 0xFFFFF000, (Level("PGD", 22, 1024, True), Level("PTE", 12, 1024)))
PAE = Format(
    "3-level (PAE)",
    8,
    0x0000000FFFFFF000,
    (Level("PGD", 30, 4, rights=False), Level("PMD", 21, 512, True), Level("PTE", 12, 512)),
)


def flag_words(value, pdpte=False):
    """As the kernel's panic prints them: "P RW A D G"."""
    if not value & PRESENT:
        return "not present" if value else "none"
    if pdpte:
        return "P"
    return " ".join(
        ["P"] + [word for word in (on if value & bit else off for bit, on, off in WORDS) if word]
    )


def long_flags(words):
    return (
        ", ".join(LONG_WORDS.get(word, word) for word in words.split(" "))
        if words.startswith("P")
        else words
    )


@dataclass
class Step:
    """One level of a walk."""

    level: Level
    index: int
    at: int  # physical address of the entry
    value: int

    @property
    def present(self):
        return bool(self.value & PRESENT)

    @property
    def flags(self):
        return flag_words(self.value, not self.level.rights)


@dataclass
class Walk:
    format: Format
    pgd: int
    address: int
    steps: list = field(default_factory=list)
    page_size: int = 0  # 0: not mapped
    physical: int = 0
    end: str = ""  # why it leads nowhere

    @property
    def mapped(self):
        return self.page_size != 0

    @property
    def leaf(self):
        return self.steps[-1].value

    def rights(self):
        """All levels together: each can only take away."""
        values = [step.value for step in self.steps if step.level.rights]
        return {
            "writable": all(v & RW for v in values),
            "user": all(v & USER for v in values),
            "no-execute": any(v & NX for v in values),
        }


def read_entry(read, form, table, index):
    return int.from_bytes(read(table + index * form.entry_bytes, form.entry_bytes), "little")


def walk(read, form, pgd, address, limit):
    """Walks by `read(physical, size)`.  `limit`: page tables lie below it; an entry that leads
    higher ends the walk.
    """
    found, table = Walk(form, pgd, address), pgd
    for level in form.levels:
        index = address >> level.shift & level.entries - 1
        value = read_entry(read, form, table, index)
        found.steps.append(Step(level, index, table + index * form.entry_bytes, value))
        if not value & PRESENT:
            found.end = f"the {level.name} entry is not present"
            return found
        frame, size = value & form.frame_mask, 1 << level.shift
        if level is form.levels[-1] or (level.large and value & LARGE):
            found.page_size, found.physical = size, (frame & ~(size - 1)) + address % size
            return found
        if frame >= limit:
            found.end = f"the {level.name} entry leads to {frame:#x}, where no page table lies"
            return found
        table = frame
    return found


# ---- All mappings ----


@dataclass
class Range:
    start: int
    end: int
    physical: int
    page_size: int
    flags: str
    contiguous: bool


def leaves(read, form, table, limit, depth=0, base=0):
    """Every page mapped: address, physical address, size, value of the leaf."""
    level = form.levels[depth]
    data = read(table, level.entries * form.entry_bytes)
    for index in range(level.entries):
        value = int.from_bytes(
            data[index * form.entry_bytes : (index + 1) * form.entry_bytes], "little"
        )
        if not value & PRESENT:
            continue
        address, frame, size = (
            base + (index << level.shift),
            value & form.frame_mask,
            1 << level.shift,
        )
        if level is form.levels[-1] or (level.large and value & LARGE):
            yield address, frame & ~(size - 1), size, value
        elif frame < limit:
            yield from leaves(read, form, frame, limit, depth + 1, address)


def ranges(read, form, pgd, limit):
    """Mappings with the same flags side by side are one range."""
    found = []
    for address, physical, size, value in leaves(read, form, pgd, limit):
        flags, last = flag_words(value), found[-1] if found else None
        if last and last.end == address and (last.page_size, last.flags) == (size, flags):
            last.contiguous &= physical == last.physical + (address - last.start)
            last.end = address + size
        else:
            found.append(Range(address, address + size, physical, size, flags, True))
    return found


def tables(read, form, table, limit, depth=0):
    """Physical addresses of all tables below `table`, itself included."""
    level = form.levels[depth]
    found = [(table, level)]
    if level is form.levels[-1]:
        return found
    data = read(table, level.entries * form.entry_bytes)
    for index in range(level.entries):
        value = int.from_bytes(
            data[index * form.entry_bytes : (index + 1) * form.entry_bytes], "little"
        )
        frame = value & form.frame_mask
        if value & PRESENT and not (level.large and value & LARGE) and frame < limit:
            found += tables(read, form, frame, limit, depth + 1)
    return found


# ---- Text and pictures ----


def size_words(size):
    return f"{size >> 20} MiB" if size >= 1 << 20 else f"{size >> 10} KiB"


def lines(found, describe):
    """`describe(physical)`: what the kernel knows of that frame."""
    form, digits = found.format, 2 * found.format.entry_bytes
    text = [f"walk of {found.address:#010x}, {form.name}, PGD at physical {found.pgd:#x}:"]
    for step in found.steps:
        text.append(
            f"  {step.level.name}[{step.index}] at physical {step.at:#x} = {step.value:0{digits}x}  {step.flags}"
        )
        if step.present:
            text.append(
                f"       {long_flags(step.flags)}; leads to frame {(step.value & form.frame_mask) >> 12:#x}"
            )
    if not found.mapped:
        return text + [f"  leads nowhere: {found.end}"]
    rights = [word for word, holds in found.rights().items() if holds] or ["read-only"]
    text.append(
        f"  leads to physical {found.physical:#011x}, in a page of {size_words(found.page_size)}; all levels together: "
        + ", ".join(rights)
    )
    return text + [f"  {describe(found.physical)}"]


def split_labels(found):
    """Pieces of the address with their values, as wide as their bits; the rest of a large page is
    offset.
    """
    pieces, used = [], 0
    for step in found.steps:
        bits = 32 - used - step.level.shift
        pieces.append((max(bits, 4), f"{step.level.name} {step.index}"))
        used += bits
    offset = found.address & (1 << 32 - used) - 1
    return pieces + [
        (
            32 - used - sum(max(0, width - 2) for width, _ in pieces[:1] if width == 4),
            f"offset {offset:#x}",
        )
    ]


def picture(found, describe):
    form, digits = found.format, 2 * found.format.entry_bytes
    drawn = []
    for step in found.steps:
        table = step.at - step.index * form.entry_bytes
        name = step.level.name if step.level is form.levels[0] else f"{step.level.name} table"
        under = [
            f"at {table:#x}",
            f"{step.level.entries} entries",
            f"{step.value:0{digits}x}",
            step.flags,
        ]
        drawn.append(Table(name, f"[{step.index}]", under))
    frame = None
    if found.mapped:
        frame = [
            f"at {found.physical & ~(found.page_size - 1):#x}",
            size_words(found.page_size),
        ] + describe(found.physical)
    return WalkPicture(
        f"walk of {found.address:#010x}, {form.name}",
        split_labels(found),
        drawn,
        frame,
        inside=f"byte {found.physical % max(found.page_size, 1):#x}",
        end=found.end,
    )
