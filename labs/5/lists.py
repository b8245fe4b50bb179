"""Quicklists driven directly, and beside them what their contracts (quicklist.h) allow.

Tables are made by the page allocator, which is given.  Which of them a trim gave back is not what
the lists say of it: the page allocator's own lists are last in, first out too, so pages that were
just freed are the next that it hands out.
"""

import struct
from dataclasses import dataclass

from grader.machine import PAGE_OFFSET, PAGE_SIZE
from grader.verdict import Failure, expecting

CHECK, DRAIN = "check_pgt_cache", "drain_pgt_cache"
LIFO = "last in, first out: the CPU's cache still holds the table that was used last"
CIRCLE = (
    "the list runs in a circle if a table is linked to itself: the old head is needed for the link"
    " before the new one is stored"
)
LEVEL = "each table goes to the list of its level, and is handed out from there"
LINK = "the link is part of the table: it becomes zero when the table leaves the list"
GIVE_BACK = (
    "free_page_at() takes a page that is no table any more: table_move() from PG_TABLE_CACHED to 0"
    " comes first"
)
NOT_FREE = (
    "as many free pages as are returned must be with the page allocator again: free_page_at()"
)


@dataclass(frozen=True)
class Level:
    name: str
    fast: str
    free: str
    make: str
    list: str


PTE = Level("PTE", "pte_alloc_one_fast", "pte_free", "pte_alloc_one", "pte_quicklist")
PMD = Level("PMD", "pmd_alloc_one_fast", "pmd_free", "pmd_alloc_one", "pmd_quicklist")
PGD = Level("PGD", "get_pgd_fast", "pgd_free", "get_pgd_slow", "pgd_quicklist")
LEVELS = (PTE, PMD, PGD)


def said(table):
    return f"{table:#x}" if table else "NULL"


class Lists:
    def __init__(self, m):
        self.m, self.layout = m, m.layout
        self.mem_map = m.variable("mem_map")
        self.offset = m.variable("percpu_offset")
        # With PAE a PGD has four entries of 8 bytes, and its link stands behind them.
        pae = self.layout["PTRS_PER_PTE"] == 512
        self.link = {PTE: 0, PMD: 0, PGD: 32 if pae else 0}
        self.cached = {level: [] for level in LEVELS}  # the last one in is the last
        self.made = {}  # table: what it held when the page allocator had given it

    # Tables.

    def make(self, level):
        table = self.m.call(level.make)
        self.made[table] = self.content(table)
        return table

    def content(self, table):
        return self.m.bytes_at(table - PAGE_OFFSET, PAGE_SIZE)

    def page(self, table):
        """Address of its struct page."""
        return self.mem_map + (table - PAGE_OFFSET) // PAGE_SIZE * self.layout["page_size"]

    def place(self, table):
        """Where its page says that it is, in words."""
        flags = self.m.read_word(self.page(table) + self.layout["page_flags"])
        names = [name for name in self.layout if name.startswith("PG_TABLE_")]
        return " and ".join(name for name in names if flags & self.layout[name]) or "0"

    # The student's functions.

    def free(self, level, table, hint=""):
        with expecting(f"{level.free} of a table in use returns", hint, (level.free,)):
            self.m.call(level.free, table)
        self.cached[level].append(table)

    def keep(self, level, number, hint=""):
        """So many new tables are freed; they are returned."""
        tables = [self.make(level) for _ in range(number)]
        for table in tables:
            self.free(level, table, hint)
        return tables

    def fast(self, level, hint=""):
        """Whatever is handed out, not judged."""
        with expecting(f"{level.fast} returns", hint, (level.fast,)):
            return self.m.call(level.fast)

    def take(self, level, hint=""):
        """One of the tables in the list; which of them, is another test's subject."""
        tables, got = self.cached[level], self.fast(level, hint or CIRCLE)
        if got not in tables:
            raise self._another(level, got, f"one of the {len(tables)} that are cached", hint)
        tables.remove(got)
        return got

    def take_last(self, level, hint=""):
        """The table that was freed last."""
        tables, got = self.cached[level], self.fast(level, hint or CIRCLE)
        if got != tables[-1]:
            raise self._another(level, got, f"{said(tables[-1])}, which was freed last", hint)
        return tables.pop()

    def _another(self, level, got, must, hint):
        return Failure(
            f"{level.fast}() returns {must}",
            f"{said(got)}, {self._which(level, got)}",
            hint or self._why(level, got),
            (level.fast, level.free),
        )

    def _which(self, level, got):
        if not got:
            return f"although {len(self.cached[level])} tables are cached"
        for other, tables in self.cached.items():
            if got in tables:
                return (
                    f"a {other.name} table, number {tables.index(got) + 1} of {len(tables)} freed"
                )
        return "which is handed out already" if got in self.made else "which is no table"

    def _why(self, level, got):
        if got in self.cached[level]:
            return LIFO
        return CIRCLE if got in self.made else LEVEL

    # Trimming.

    def trim(self, function, stay, hint):
        """Judged: how many tables of each level stay (hint(level) if others do), which is returned,
        and that the rest can be had from the page allocator.
        """
        gone, returned = self.trimmed_by(function)
        for level in LEVELS:
            here = [table for table in self.cached[level] if table not in gone]
            if len(here) != stay[level]:
                raise Failure(
                    f"of {len(self.cached[level])} {level.name} tables {stay[level]} stay",
                    f"{len(here)} stay, {function}() returned {returned}",
                    hint(level),
                    (function,),
                )
            self.cached[level] = here
        return len(gone)

    def trimmed_by(self, function, hint=GIVE_BACK):
        """(tables whose pages can be had from the page allocator, what the function returned)"""
        with expecting(f"{function} returns", hint, (function,)):
            returned = self.m.call(function)
        gone = self.given_back()
        if returned != len(gone):
            raise Failure(
                f"{function}() returns how many pages it gave back",
                f"it returned {returned}, and the page allocator has {len(gone)} of them",
                NOT_FREE,
                (function,),
            )
        return gone, returned

    def given_back(self):
        """Those of the cached tables that the page allocator hands out; it gets them again."""
        tables = {self.page(table): table for kept in self.cached.values() for table in kept}
        pages = [self.m.call("alloc_pages", self.layout["GFP_ATOMIC"], 0) for _ in tables]
        for page in reversed(pages):
            if page:
                self.m.call("free_pages", page, 0)
        return {tables[page] for page in pages if page in tables}

    def expect_kept(self, hint=""):
        """Every list hands out what it must still hold."""
        for level in LEVELS:
            while self.cached[level]:
                self.take(level, hint)

    # Claims.

    def claim(self, level, field):
        at = self.m.symbol(level.list) + self.offset
        return self.m.read_word(at + self.layout[f"quicklist_{field}"])

    def set_count(self, level, count):
        at = self.m.symbol(level.list) + self.offset
        self.m.write_word(at + self.layout["quicklist_count"], count)

    def expect_count(self, level, when=""):
        must, count = len(self.cached[level]), self.claim(level, "count")
        if count != must:
            raise Failure(
                f"{level.list}.count is {must}{when}",
                count,
                "count is the number of tables in the list, up and down by one with each",
                ("push", "pop"),
            )

    def expect_empty(self, level):
        head = self.claim(level, "head")
        if head:
            what = "no table is left: a list without tables has no head"
            raise Failure(f"{level.list}.head is 0", f"{head:#x}", what, ("pop", CHECK))

    # What a table holds.

    def link_of(self, level, table):
        return self.m.word(table - PAGE_OFFSET + self.link[level])

    def expect_content(self, level, table, when, hint, but=lambda at, wanted: False):
        """As it was made, word by word, but those for which but(offset, what it held)."""
        must, got = (struct.unpack("<1024I", d) for d in (self.made[table], self.content(table)))
        for i, (wanted, found) in enumerate(zip(must, got)):
            if found != wanted and not but(4 * i, wanted):
                raise Failure(
                    f"{when} the word at {4 * i:#x} of the {level.name} table is {wanted:#x}",
                    f"{found:#x}",
                    hint,
                    (level.free, level.fast),
                )

    def expect_linked(self, level, hint):
        """In some order, and nothing else is in the tables: of a PGD, in its user part."""
        tables, link = self.cached[level], self.link[level]
        for table in tables:
            self.expect_content(
                level, table, "in the list", hint, lambda at, wanted: wanted or at == link
            )
        links = {self.link_of(level, table) for table in tables}
        if 0 not in links or len(links) != len(tables) or not links <= {0, *tables}:
            raise Failure(
                f"the words at {link:#x} of {len(tables)} {level.name} tables link them, one is 0",
                ", ".join(f"{word:#x}" for word in sorted(links)),
                hint,
                (level.free,),
            )

    # Memory.

    def eat(self):
        """Blocks taken from the page allocator until memory is short."""
        taken = []
        for order in range(self.layout["MAX_ORDER"], -1, -1):
            while not self.is_short():
                page = self.m.call("alloc_pages", self.layout["GFP_ATOMIC"], order)
                if not page:
                    break
                taken.append((page, order))
        return taken

    def is_short(self):
        return self.m.call("memory_is_short") & 1

    def give(self, taken):
        for page, order in taken:
            self.m.call("free_pages", page, order)

    # CPUs.

    def new_cpu(self):
        """Makes a second copy of the per-CPU variables; become() turns to it."""
        size, order = self.m.call("percpu_size"), 0
        while PAGE_SIZE << order < size:
            order += 1
        page = self.m.call("alloc_pages", self.layout["GFP_ATOMIC"], order)
        frame = (page - self.mem_map) // self.layout["page_size"]
        self.m.call("percpu_init_copy", 1, PAGE_OFFSET + frame * PAGE_SIZE)

    def become(self, cpu):
        """The machine's CPU is that one from now on: its %fs leads to that one's copy."""
        self.offset = self.m.read_word(self.m.symbol("percpu_offset") + 4 * cpu)
        self.m.call("segments_init", self.offset, self.m.stub.register("cr3"))
