"""The tables that a student's paging_init() builds, read by the host, and what they must be.

What RAM there is, is known before any of the student's code has run.  Pages for tables come from a
stock that the scenario has taken from the boot allocator beforehand and hands out in a mixed order:
so it knows every page that was taken, and no two of them need lie side by side.
"""

import struct
from contextlib import ExitStack, contextmanager
from random import Random

from grader.machine import PAGE_OFFSET, PAGE_SIZE, U64, Return, frames, paging
from grader.machine.guest import GuestEnd
from grader.verdict import Failure

P, RW, US, PWT, PCD, A, D, PS, G = (1 << bit for bit in range(9))
ENTRIES = 1024
LARGE = ENTRIES * PAGE_SIZE  # bytes behind one entry of the PGD
KERNEL = PAGE_OFFSET // LARGE
STOCK = 96  # pages, singly and in one run each: more than twice of what is needed
HOLE = range(0xB40, 0xB43)  # frames of low memory that a machine may have no RAM at
FIRST_MIB = 256
INIT = ("pagetable_init",)


def index_of(virtual):
    return virtual // LARGE


def make_hole(m):
    """One range of RAM becomes two, before anybody has counted it."""
    base, size = m.symbol("bootinfo"), m.layout["ram_range_size"]
    count = m.read_word(base + m.layout["bootinfo_nranges"])
    last = base + m.layout["bootinfo_range"] + (count - 1) * size
    start, end = struct.unpack("<2I", m.read(last, 8))
    assert start <= HOLE.start < HOLE.stop <= end
    m.write(last, struct.pack("<4I", start, HOLE.start, HOLE.stop, end))
    m.write_word(base + m.layout["bootinfo_nranges"], count + 1)


def set_flag(m, name, struct_name, value):
    m.write(m.symbol(struct_name) + m.layout[f"{struct_name}_{name}"], bytes([value]))


@contextmanager
def entry_by_the_host(m):
    """Meanwhile kernel_pte() is answered by the host: a mistake there costs its own test only."""

    def answer(address, *_):
        root = m.variable("kernel_pgd") - PAGE_OFFSET
        entries = walk(m, root, address).entries
        last = entries[-1]
        return Return(PAGE_OFFSET + last.address if last.level == "PTE" else 0)

    with m.watch("kernel_pte", answer):
        yield


def walk(m, root, virtual):
    def read(physical, size):
        return int.from_bytes(m.bytes_at(physical, size), "little")

    return paging.walk(read, paging.TWO_LEVEL, root, virtual)


class Stock:
    """Pages of the boot allocator's, and who asks for some."""

    def __init__(self, m):
        self.m, self.taken = m, []
        self.single = [m.call("bootmem_alloc_page") for _ in range(STOCK)]
        Random(m.seed).shuffle(self.single)
        self.run = m.call("bootmem_alloc", STOCK * PAGE_SIZE, PAGE_SIZE, U64(0))
        self.run_end = self.run + STOCK * PAGE_SIZE

    def one(self, *_):
        if not self.single:
            raise Failure(
                "some forty page tables at most",
                f"page number {STOCK + 1} is asked for",
                "does a loop over addresses end where they wrap around to 0?",
                INIT,
            )
        return self.give(self.single.pop(), 1)

    def some(self, size, align, _):
        """bootmem_alloc() and bootmem_try_alloc(): whole pages alone are for tables."""
        if size % PAGE_SIZE or not size or align > PAGE_SIZE:
            return None
        if size == PAGE_SIZE:
            return self.one()
        self.run += size
        if self.run > self.run_end:
            raise Failure("some forty page tables at most", f"{size:#x} bytes at once", "", INIT)
        return self.give(self.run - size, size // PAGE_SIZE)

    def give(self, virtual, pages):
        first = (virtual - PAGE_OFFSET) // PAGE_SIZE
        self.taken += range(first, first + pages)
        return Return(virtual)

    @contextmanager
    def open(self):
        with ExitStack() as stack:
            stack.enter_context(self.m.watch("bootmem_alloc_page", self.one))
            for name in ("bootmem_alloc", "bootmem_try_alloc"):
                stack.enter_context(self.m.watch(name, self.some))
            yield


class Tables:
    """The machine at the entry of paging_init(), and behind build() the tables."""

    def __init__(self, m, prepare=None):
        self.m = m
        with entry_by_the_host(m):
            m.run_to("memory_divide")
            if prepare:
                prepare(m)
            m.run_to("paging_init")
        self.low_end = m.variable("max_low_pfn")
        self.ranges = self._ranges()
        self.modules = frames.of_kind(m, "PHYS_MODULE", self.low_end)
        self.guard = (m.symbol("boot_stack_guard") - PAGE_OFFSET) // PAGE_SIZE
        self.image = range(
            m.layout["KERNEL_IMAGE_PHYS"] // PAGE_SIZE,
            (m.symbol("kernel_end") - PAGE_OFFSET) // PAGE_SIZE,
        )
        self.stock = Stock(m)

    def _ranges(self):
        m, base = self.m, self.m.symbol("bootinfo")
        count = m.read_word(base + m.layout["bootinfo_nranges"])
        words = m.read(base + m.layout["bootinfo_range"], 8 * count)
        return [range(*struct.unpack_from("<2I", words, 8 * i)) for i in range(count)]

    def is_ram(self, pfn):
        return any(pfn in run for run in self.ranges)

    def is_mapped(self, pfn):
        """Whether the direct map has the frame."""
        known = pfn < FIRST_MIB or self.is_ram(pfn)
        return pfn < self.low_end and known and pfn != self.guard

    def may_be_large(self, number):
        """The number-th run of 1024 frames."""
        frames = range(number * ENTRIES, (number + 1) * ENTRIES)
        image = range(max(frames.start, self.image.start), min(frames.stop, self.image.stop))
        return bool(number) and all(map(self.is_mapped, frames)) and not image

    def build(self):
        """paging_init() runs to its end, with pages of the stock."""
        with entry_by_the_host(self.m), self.stock.open():
            self.m.finish()
        self.find_root()
        return self

    def build_again(self, **flags):
        """Once more from the same memory, with flags of the CPU or of the command line; what was
        there before is back when the `with` ends.
        """
        return Again(self, flags)

    def find_root(self):
        said = self.m.variable("swapper_pg_dir")
        self.root = said - PAGE_OFFSET
        if self.root % PAGE_SIZE or self.root // PAGE_SIZE not in self.stock.taken:
            raise Failure(
                "swapper_pg_dir points to a page that was taken from the boot allocator",
                f"swapper_pg_dir is {said:#x}",
                "the PGD is a table like the others",
                INIT,
            )

    def walk(self, virtual):
        return walk(self.m, self.root, virtual)

    def table(self, physical):
        """The values of a table's entries."""
        return struct.unpack(f"<{ENTRIES}I", self.m.bytes_at(physical, PAGE_SIZE))

    def uppers(self):
        """{index: value} of the PGD's entries that are present."""
        return {i: value for i, value in enumerate(self.table(self.root)) if value & P}

    def tables(self):
        """[(index, physical)] of what the PGD's entries lead to."""
        return [(i, v & ~(PAGE_SIZE - 1)) for i, v in self.uppers().items() if not v & PS]

    def leaves(self):
        """(virtual, value, bytes) of everything that maps memory."""
        for i, value in self.uppers().items():
            if value & PS:
                yield i * LARGE, value, LARGE
                continue
            for j, leaf in enumerate(self.table(value & ~(PAGE_SIZE - 1))):
                if leaf & P:
                    yield i * LARGE + j * PAGE_SIZE, leaf, PAGE_SIZE

    def direct_map(self):
        """What is mapped elsewhere is the subject of one test."""
        return (leaf for leaf in self.leaves() if leaf[0] >= PAGE_OFFSET)

    def expect_direct_map(self):
        """Who has mapped nothing has made no mistake in it, and earns nothing for that."""
        mapped = sum(size // PAGE_SIZE for _, _, size in self.direct_map())
        if mapped < self.low_end // 2:
            raise Failure(
                "a direct map, which could be judged",
                f"{mapped} of {self.low_end} frames are mapped",
                "this test is about what the direct map must not have: first there must be one",
                INIT,
            )
        return self

    def large(self):
        """Which runs of 1024 frames of the direct map are one entry."""
        return {i - KERNEL for i, value in self.uppers().items() if value & PS and i >= KERNEL}

    def figure(self, name):
        return self.m.read_word(
            self.m.symbol("paging_stats") + self.m.layout[f"paging_stats_{name}"]
        )

    def run_to_enable(self):
        with entry_by_the_host(self.m):
            self.m.run_to("paging_enable")

    def enable(self):
        """paging_enable(), at whose entry the machine stands, runs to its end."""
        with entry_by_the_host(self.m):
            self.m.finish()


class Again:
    def __init__(self, tables, flags):
        self.tables, self.flags = tables, flags

    def __enter__(self):
        tables, m = self.tables, self.tables.m
        self.ram, self.single = m.ram[:], list(tables.stock.single)
        for name, value in self.flags.items():
            set_flag(m, name, "mm_options" if name == "nolarge" else "cpu_features", value)
        with entry_by_the_host(m), tables.stock.open():
            m.call("paging_init")
        tables.find_root()
        return tables

    def __exit__(self, *error):
        self.tables.m.ram[:] = self.ram
        self.tables.stock.single, self.tables.stock.taken = self.single, []


def fault_of(m, name, *arguments):
    """How a call ends that must not return: a panic, or worse; None if it returned."""
    try:
        return m.panics(name, *arguments)
    except GuestEnd as end:
        return end
