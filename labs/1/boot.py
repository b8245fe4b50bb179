"""The boot allocator, and beside it what its contract in bootmem.h allows.

What RAM there is, and what lies in it, is known before bootmem_init() has run.  Every free frame is
then filled, so that the host sees which of them the allocator takes for itself, and whether memory
comes zeroed.  Where each request must be served follows from the contract in bootmem.h.
"""

from grader.machine import PAGE_OFFSET, PAGE_SIZE, U64, frames
from grader.verdict import Failure, expecting

DIRT = 0xA5
LARGE_LOW = (264 << 20) // PAGE_SIZE  # frames: bits for them fill more than two pages
NEVER_FREE = "what must stay: the kernel, boot modules, page 0, mem_map's place, one's own data"
EACH_PAGE = "your own data says of every page up to max_low_pfn what it is, however much that is"
TRY_ALLOC = ("bootmem_try_alloc",)


def pages_over(start, size):
    """Every page that a range touches."""
    return range(start // PAGE_SIZE, -(-(start + size) // PAGE_SIZE))


def pages_in(start, size):
    """The pages that lie in a range as a whole."""
    return range(-(-start // PAGE_SIZE), (start + size) // PAGE_SIZE)


def up(value, align):
    return -(-value // align) * align


class Model:
    """Free frames, and where the last allocation ended, by the contract."""

    def __init__(self, free, end):
        self.free, self.end = set(free), end
        self.last_end = 0

    def place(self, size, align, goal=0):
        """The address at which a request must be served; None: nowhere."""
        for lowest in (goal, 0):
            places = (self._on_the_same_page(size, align), self._on_free_pages(size, align, lowest))
            found = [place for place in places if place is not None and place >= lowest]
            if found:
                return min(found)
        return None

    def _on_the_same_page(self, size, align):
        start, page_end = up(self.last_end, align), up(self.last_end, PAGE_SIZE)
        behind = range(page_end // PAGE_SIZE, -(-(start + size) // PAGE_SIZE))
        return start if start < page_end and self.free.issuperset(behind) else None

    def _on_free_pages(self, size, align, goal):
        step, count = max(align // PAGE_SIZE, 1), -(-size // PAGE_SIZE)
        pfn = up(-(-goal // PAGE_SIZE), step)
        while pfn + count <= self.end:
            taken = next((p for p in range(pfn, pfn + count) if p not in self.free), None)
            if taken is None:
                return pfn * PAGE_SIZE
            pfn = up(taken + 1, step)
        return None

    def take(self, start, size):
        self.free.difference_update(pages_over(start, size))
        self.last_end = start + size

    def reserve(self, start, size):
        self.free.difference_update(pages_over(start, size))

    def give_back(self, start, size):
        pages = pages_in(start, size)
        self.free.update(pages)
        if pages and pages.start * PAGE_SIZE < self.last_end <= pages.stop * PAGE_SIZE:
            self.last_end = 0


class Boot:
    """The machine behind bootmem_init(), with the model beside it.  low_end: where low memory ends,
    if not where the boot has it; what the machine does not have of it is a hole.
    """

    def __init__(self, m, low_end=None):
        self.m = m
        for name in ("max_low_pfn", "highstart_pfn", "max_pfn") if low_end else ():
            m.write_word(m.symbol(name), low_end)
        self.low_end = m.variable("max_low_pfn")
        self.ram = frames.of_kind(m, "PHYS_RAM", self.low_end)
        self.modules = frames.of_kind(m, "PHYS_MODULE", self.low_end)
        self.kernel = frames.of_kind(m, "PHYS_KERNEL", self.low_end)
        self.mem_map = self._mem_map()
        for start, end in frames.runs(self.ram):
            m.fill(start, DIRT, end - start)
        with expecting("bootmem_init returns", EACH_PAGE, ("bootmem_init",)):
            m.run_to("report_boot_allocator")
        self.own = self._own_pages()
        self.model = Model(self.ram - self.own - self.mem_map, self.low_end)
        self.base = self.longest_run()[0] * PAGE_SIZE

    def _mem_map(self):
        place, layout = self.m.symbol("mem_map_place"), self.m.layout
        ends = (self.m.read_word(place + layout[f"ram_range_{n}"]) for n in ("start", "end"))
        return set(range(*ends))

    def _own_pages(self):
        """Where the allocator keeps what it knows: frames that it has written to, and those beside
        them up to the number that it says it has.
        """
        clean = bytes([DIRT]) * PAGE_SIZE
        self.written = {pfn for pfn in self.ram if self.m.page(pfn) != clean}
        own = set(self.written)
        said = self.figure("bitmap_pages")
        beside = iter(range(max(own) + 1, self.low_end) if own else ())
        while len(own) < said and not self.is_free(pfn := next(beside)):
            own.add(pfn)
        return own

    def longest_run(self):
        """Of free frames.  Tests about other things have it as their goal."""
        return max(frames.runs(self.model.free), key=lambda run: run[1] - run[0])

    def figure(self, name):
        self.m.call("bootmem_stats", self.m.scratch_address)
        return self.m.word(self.m.SCRATCH + self.m.layout[f"bootmem_stats_{name}"])

    def is_free(self, pfn):
        return self.m.call("bootmem_page_is_free", pfn) & 0xFF

    def try_alloc(self, size, align=1, goal=None, hint="", by=TRY_ALLOC[0]):
        """The physical address that the student's function returns, or None; not judged."""
        goal = self.base if goal is None else goal
        with expecting(f"{asked(size, align, goal, by)} returns", hint, (by,)):
            address = self.m.call(by, size, align, U64(goal))
        return address - PAGE_OFFSET if address else None

    def alloc(self, size, align=1, goal=None, hint="", by=TRY_ALLOC[0]):
        """Judged: the one place that the contract allows."""
        goal = self.base if goal is None else goal
        must, got = self.model.place(size, align, goal), self.try_alloc(size, align, goal, hint, by)
        return self._judged(asked(size, align, goal, by), size, must, got, hint, by)

    def alloc_page(self, hint):
        """bootmem_alloc_page(), judged likewise."""
        name, must = "bootmem_alloc_page", self.model.place(PAGE_SIZE, PAGE_SIZE)
        with expecting(f"{name}() returns", hint, (name,)):
            address = self.m.call(name)
        got = address - PAGE_OFFSET if address else None
        return self._judged(f"{name}()", PAGE_SIZE, must, got, hint, name)

    def _judged(self, what, size, must, got, hint, name):
        if must != got:
            raise Failure(f"{what} returns {at(must)}", at(got), hint, (name,))
        if got is not None:
            self.model.take(got, size)
        return got

    def take(self, size, align=1, goal=None):
        """Where it lies is another test's subject."""
        got = self.try_alloc(size, align, goal)
        if got is None:
            raise Failure(f"memory of {size:#x} bytes", at(got), "there is enough", TRY_ALLOC)
        self.model.take(got, size)
        return got

    def reserve(self, start, size, hint=""):
        what = f"bootmem_reserve({start:#x}, {size:#x}) returns"
        with expecting(what, hint, ("bootmem_reserve",)):
            self.m.call("bootmem_reserve", U64(start), U64(size))
        self.model.reserve(start, size)

    def free(self, start, size):
        with expecting(f"bootmem_free({start:#x}, {size:#x}) returns", "", ("bootmem_free",)):
            self.m.call("bootmem_free", U64(start), U64(size))
        self.model.give_back(start, size)

    def free_mem_map(self):
        """So that the last frame of low memory is free."""
        self.free(min(self.mem_map) * PAGE_SIZE, len(self.mem_map) * PAGE_SIZE)

    def expect_free(self, pages, what, hint, where):
        """The student's word about those pages and their neighbours, against the truth."""
        around = [p for p in range(min(pages) - 1, max(pages) + 2) if 0 <= p < self.low_end]
        for pfn in around:
            truth, said = pfn in self.model.free, bool(self.is_free(pfn))
            if truth != said:
                words = ("reserved", "free")
                raise Failure(
                    f"{what}: page {pfn:#x} is {words[truth]}",
                    f"it is {words[said]}",
                    hint,
                    (where,),
                )

    def hole(self, pages):
        """The first frame of a run of free ones, with as many free ones on either side."""
        run = next(r for r in frames.runs(self.model.free) if r[1] - r[0] >= 3 * pages)
        return run[0] + pages

    def expect_panic(self, what, invariant, hint, name, *arguments):
        panic = self.m.panics(name, *arguments)
        if panic is None:
            raise Failure(f"{what}: a panic by invariant {invariant}", "it returned", hint, (name,))
        if panic.invariant != invariant:
            raise Failure(f"{what}: a panic by invariant {invariant}", str(panic), hint, (name,))
        return panic


def asked(size, align, goal, by=TRY_ALLOC[0]):
    return f"{by}({size:#x}, {align:#x}, {goal:#x})"


def at(address):
    return "NULL" if address is None else f"physical {address:#x}"


def lies(boot, pfn):
    kinds = {"the kernel's": boot.kernel, "a boot module's": boot.modules}
    kinds |= {"mem_map's": boot.mem_map, "the allocator's own": boot.own}
    return next((name for name, pages in kinds.items() if pfn in pages), "no RAM that is free")
