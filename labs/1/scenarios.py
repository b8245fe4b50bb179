"""Lab 1: the boot memory allocator, judged from outside.

What RAM there is, and what lies in it, is known before bootmem_init() has run.  Every free frame is
then filled, so that the host sees which of them the allocator takes for itself, and whether memory
comes zeroed.  Where each request must be served follows from the contract in bootmem.h.
"""

import random

from grader import frames
from grader.machine import PAGE_OFFSET, PAGE_SIZE, U64, Return
from grader.verdict import Failure

DIRT = 0xA5
SEED = 13
LARGE = 64 * PAGE_SIZE


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

    def __init__(self, free):
        self.free = set(free)
        self.end = max(free) + 1
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
    """The machine behind bootmem_init(), with the model beside it."""

    def __init__(self, m):
        self.m = m
        self.low_end = m.variable("max_low_pfn")
        self.ram = frames.of_kind(m, "PHYS_RAM", self.low_end)
        self.modules = frames.of_kind(m, "PHYS_MODULE", self.low_end)
        self.kernel = frames.of_kind(m, "PHYS_KERNEL", self.low_end)
        self.mem_map = self._mem_map()
        for start, end in frames.runs(self.ram):
            m.fill(start, DIRT, end - start)
        m.run_to("report_boot_allocator")
        self.own = self._own_pages()
        self.model = Model(self.ram - self.own - self.mem_map)

    def _mem_map(self):
        place, layout = self.m.symbol("mem_map_place"), self.m.layout
        ends = (self.m.read_word(place + layout[f"ram_range_{n}"]) for n in ("start", "end"))
        return set(range(*ends))

    def _own_pages(self):
        """Where the allocator keeps what it knows: frames that it has written to, and those beside
        them up to the number that it says it has.
        """
        clean = bytes([DIRT]) * PAGE_SIZE
        own = {pfn for pfn in self.ram if self.m.page(pfn) != clean}
        said = self.figure("bitmap_pages")
        beside = iter(range(max(own) + 1, self.low_end) if own else ())
        while len(own) < said and not self.is_free(pfn := next(beside)):
            own.add(pfn)
        return own

    def figure(self, name):
        self.m.call("bootmem_stats", self.m.scratch_address)
        return self.m.word(self.m.SCRATCH + self.m.layout[f"bootmem_stats_{name}"])

    def is_free(self, pfn):
        return self.m.call("bootmem_page_is_free", pfn) & 0xFF

    def try_alloc(self, size, align=1, goal=0):
        """The physical address that the student's function returns, or None; not judged."""
        address = self.m.call("bootmem_try_alloc", size, align, U64(goal))
        return address - PAGE_OFFSET if address else None

    def alloc(self, size, align=1, goal=0, hint="", where="bootmem_try_alloc"):
        """Judged: the one place that the contract allows, and zero."""
        asked = f"bootmem_try_alloc({size:#x}, {align:#x}, {goal:#x})"
        must, got = self.model.place(size, align, goal), self.try_alloc(size, align, goal)
        if must != got:
            raise Failure(f"{asked} returns {at(must)}", at(got), hint, (where,))
        if got is not None:
            self._expect_zero(got, size, asked)
            self.model.take(got, size)
        return got

    def _expect_zero(self, start, size, asked):
        data = self.m.bytes_at(start, size)
        if data.count(0) != size:
            where = next(i for i, byte in enumerate(data) if byte)
            raise Failure(
                f"{asked} returns {size:#x} bytes that are 0",
                f"byte {where:#x} of it is {data[where]:#x}",
                "memory that was used before is dirty: who zeroes it, and how much of it?",
                ("bootmem_try_alloc",),
            )

    def reserve(self, start, size):
        self.m.call("bootmem_reserve", U64(start), U64(size))
        self.model.reserve(start, size)

    def free(self, start, size):
        self.m.call("bootmem_free", U64(start), U64(size))
        self.model.give_back(start, size)

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


def at(address):
    return "NULL" if address is None else f"physical {address:#x}"


# The tests.


def zeroed(m):
    """Fresh memory, the rest of a page, memory that was used, filled and freed."""
    boot = Boot(m)
    for size in (1, 100, 5000, 3 * PAGE_SIZE + 1, 40):
        start = boot.alloc(size)
        m.ram[start : start + size] = bytes([DIRT]) * size
    start = boot.alloc(4 * PAGE_SIZE, PAGE_SIZE)
    m.fill(start // PAGE_SIZE, DIRT, 4)
    boot.free(start, 4 * PAGE_SIZE)
    boot.alloc(4 * PAGE_SIZE, PAGE_SIZE)


def aligned(m):
    """Powers of two from a byte to 4 MiB: multiples of it, in free memory, not on one another."""
    boot = Boot(m)
    taken = {}
    for shift in (0, 3, 6, 12, 1, 13, 16, 4, 20, 22, 2, 7, 12, 5):
        size, align = 24 << shift % 5, 1 << shift
        start = boot.try_alloc(size, align)
        expect_aligned(start, size, align)
        expect_own(boot, taken, start, size)


def expect_aligned(start, size, align):
    if start is None or start % align:
        raise Failure(
            f"bootmem_try_alloc({size:#x}, {align:#x}, 0) returns a multiple of {align:#x}",
            at(start),
            "the address itself must be aligned, not its distance from where the search began",
            ("bootmem_try_alloc",),
        )


def expect_own(boot, taken, start, size):
    """In memory that was free, and shared with no earlier request."""
    outside = set(pages_over(start, size)) - boot.model.free
    if outside:
        raise Failure(
            f"{size:#x} bytes of free RAM",
            f"{at(start)}: page {frames.named(outside)} is {lies(boot, min(outside))}",
            "what is never free: the kernel's image, boot modules, page 0, mem_map, one's own data",
            ("bootmem_init", "bootmem_try_alloc"),
        )
    for other, length in taken.items():
        if start < other + length and other < start + size:
            raise Failure(
                f"no two allocations overlap: {other:#x} has {length:#x} bytes",
                f"{at(start)} with {size:#x} bytes",
                "where does the last allocation end, and is its page marked?",
                ("bootmem_try_alloc",),
            )
    taken[start] = size


def lies(boot, pfn):
    kinds = {"the kernel's": boot.kernel, "a boot module's": boot.modules}
    kinds |= {"mem_map's": boot.mem_map, "the allocator's own": boot.own}
    return next((name for name, pages in kinds.items() if pfn in pages), "no RAM that is free")


def lowest(m):
    """Holes of several sizes: the first that is large enough is taken, wherever the last request
    was served."""
    boot = Boot(m)
    hint = "the lowest address that fits: the search begins at the goal each time"
    base = boot.alloc(32 * PAGE_SIZE, PAGE_SIZE, hint=hint)
    for first, pages in ((2, 1), (5, 3), (12, 2), (20, 5)):
        boot.free(base + first * PAGE_SIZE, pages * PAGE_SIZE)
    for pages in (2, 4, 1, 1, 2, 1, 6, 1):
        boot.alloc(pages * PAGE_SIZE, PAGE_SIZE, hint=hint)
    boot.free(base, PAGE_SIZE)
    boot.alloc(LARGE, 4 * PAGE_SIZE, hint="an aligned request may not end on a reserved page")
    boot.alloc(PAGE_SIZE, hint=hint)


def goal(m):
    """Below, inside and above free memory; where only a part of the request would fit."""
    boot = Boot(m)
    high = boot.hole(16)
    hint = "the lowest address at or above the goal"
    for pages in (0, 3, 3, 1):
        boot.alloc(2 * PAGE_SIZE, PAGE_SIZE, (high + pages) * PAGE_SIZE, hint)
    boot.alloc(100, 4, (high + 40) * PAGE_SIZE, hint)
    boot.alloc(100, 4, (high + 50) * PAGE_SIZE, "the shared page may lie below the goal")
    boot.alloc(100, 4, 0, hint)
    hint = "nothing fits above the goal: then it is given up, and the whole of memory is looked at"
    top = max(boot.model.free)
    boot.alloc(4 * PAGE_SIZE, PAGE_SIZE, top * PAGE_SIZE, hint)
    boot.alloc(PAGE_SIZE, PAGE_SIZE, boot.low_end * PAGE_SIZE, hint)
    boot.alloc(PAGE_SIZE, PAGE_SIZE, 1 << 32, "a goal has 64 bits: " + hint)


def shared_page(m):
    """Small requests in a row lie behind one another; a page that was freed is not shared."""
    boot = Boot(m)
    hint = "a request goes on where the last one ended, on the same page, if its alignment allows"
    for size, align in ((10, 1), (20, 4), (1, 1), (100, 64), (7, 1), (4000, 8), (50, 2)):
        boot.alloc(size, align, hint=hint)
    for size in (PAGE_SIZE, 16, PAGE_SIZE - 16, 16, 3 * PAGE_SIZE, 8):
        boot.alloc(size, 8, hint=hint)
    start = boot.alloc(100, 1, boot.hole(2) * PAGE_SIZE, hint=hint)
    boot.free(start // PAGE_SIZE * PAGE_SIZE, PAGE_SIZE)
    hint = "the page where the last request ended has been freed: nobody may go on there"
    boot.alloc(60, 1, start // PAGE_SIZE * PAGE_SIZE, hint=hint)
    boot.alloc(2 * PAGE_SIZE, PAGE_SIZE, hint="a reserved page is not free")


def reserve_rounds_out(m):
    """One byte reserves its page, a range that touches two pages both; what is no RAM is no error."""
    boot = Boot(m)
    base = boot.hole(8)
    hint = "round the start down and the end up: a page that is used in part is not free"
    for start, size in ((0x010, 1), (0x2FFF, 2), (0x5000, PAGE_SIZE), (0x7001, 2 * PAGE_SIZE)):
        start += base * PAGE_SIZE
        boot.reserve(start, size)
        what = f"after bootmem_reserve({start:#x}, {size:#x})"
        boot.expect_free(pages_over(start, size), what, hint, "bootmem_reserve")
    boot.reserve(0xA0000, 0x60000)
    boot.reserve(boot.low_end * PAGE_SIZE, 4 * PAGE_SIZE)
    boot.alloc(3 * PAGE_SIZE, PAGE_SIZE, base * PAGE_SIZE, "reserved pages are not handed out")


def free_rounds_in(m):
    """Only whole pages; a range that has none changes nothing."""
    boot = Boot(m)
    base = boot.alloc(16 * PAGE_SIZE, PAGE_SIZE)
    hint = "round the start up and the end down: the rest of a page may still be in use"
    ranges = ((1, 2 * PAGE_SIZE), (0x3000, PAGE_SIZE), (0x4800, 0x600), (0x5FFF, PAGE_SIZE + 2))
    for offset, size in ranges + ((0x8001, PAGE_SIZE - 1), (0xA000, 0)):
        boot.free(base + offset, size)
        what = f"after bootmem_free({base + offset:#x}, {size:#x})"
        pages = pages_over(base + offset, max(size, 1))
        boot.expect_free(pages, what, hint, "bootmem_free")
    for _ in range(4):
        boot.alloc(PAGE_SIZE, PAGE_SIZE, base, hint)


def wrong_use(m):
    """Freed twice, never allocated, no RAM, reserved twice: each is a panic by invariant 43."""
    boot = Boot(m)
    base = boot.alloc(4 * PAGE_SIZE, PAGE_SIZE)
    boot.free(base + PAGE_SIZE, PAGE_SIZE)
    name, hint = "bootmem_free", "look at each page of the range before the first is changed"
    wrong = {
        "a page that is free already": (base + PAGE_SIZE, PAGE_SIZE),
        "a range with a free page in it": (base, 4 * PAGE_SIZE),
        "a hole of the PC (0xA0000)": (0xA0000, PAGE_SIZE),
        "high memory": (boot.low_end * PAGE_SIZE, PAGE_SIZE),
    }
    for what, (start, size) in wrong.items():
        boot.expect_panic(f"{what} is freed", 43, hint, name, U64(start), U64(size))
    name, hint = "bootmem_reserve", "RAM that is reserved already belongs to somebody"
    for what, start in {"of an allocation": base, "of the kernel": min(boot.kernel) << 12}.items():
        arguments = U64(start), U64(10)
        boot.expect_panic(f"a page {what} is reserved again", 43, hint, name, *arguments)
    boot.alloc(PAGE_SIZE, PAGE_SIZE, hint="a refused call has changed nothing")


def no_room(m):
    """More than there is: NULL, or a panic that names what was asked for and what is free."""
    boot = Boot(m)
    hint = "does the end of the request lie behind the end of memory, or is the sum cut to 32 bits?"
    longest = max(end - start for start, end in frames.runs(boot.model.free)) * PAGE_SIZE
    for size in (longest + 1, 64 << 20, 0xFFFFF001):
        boot.alloc(size, 1, hint=hint)
    boot.alloc(longest, PAGE_SIZE, hint="the longest run fits to the last byte")
    free = len(boot.model.free) * PAGE_SIZE >> 10
    panic = m.panics("bootmem_alloc", longest + PAGE_SIZE, 4, U64(0))
    size = longest + PAGE_SIZE >> 10
    told = panic and all(str(number) in panic.message for number in (size, free))
    if not told:
        raise Failure(
            f"bootmem_alloc without room panics, and says that {size} KiB do not fit and {free} KiB"
            " are free",
            str(panic) if panic else "it returned",
            "a boot that ends must say why: size and what is free, in KiB",
            ("bootmem_alloc",),
        )


def handed_over(boot):
    """What bootmem_handover() gives to its function: the runs, and what it returns."""
    runs = []
    with boot.m.watch("zone_add_pages", recorder(runs)):
        returned = boot.m.call("bootmem_handover", boot.m.symbol("zone_add_pages"))
    return runs, returned


def recorder(runs):
    def give(start, end, _):
        runs.append((start, end))
        return Return()

    return give


def handover(m):
    """After some allocations: free pages and the allocator's own, each once, and how many."""
    boot = Boot(m)
    for size, align in ((100, 4), (3 * PAGE_SIZE, PAGE_SIZE), (LARGE, 1 << 20)):
        boot.alloc(size, align)
    hole = boot.alloc(PAGE_SIZE, PAGE_SIZE)
    boot.alloc(PAGE_SIZE, PAGE_SIZE)
    boot.free(hole, PAGE_SIZE)
    runs, returned = handed_over(boot)
    expect_handed(boot, [pfn for start, end in runs for pfn in range(start, end)])
    total = sum(end - start for start, end in runs)
    if not returned == boot.figure("handed_over") == total:
        raise Failure(
            f"bootmem_handover returns {total:#x} pages, and bootmem_stats says so",
            f"{returned:#x} returned, {boot.figure('handed_over'):#x} in handed_over",
            "the allocator's own pages count too",
            ("bootmem_handover",),
        )


def expect_handed(boot, given):
    must, where = boot.model.free | boot.own, ("bootmem_handover",)
    twice = (
        {pfn for pfn in given if given.count(pfn) > 1} if len(given) > len(set(given)) else set()
    )
    missing, wrong = must - set(given), set(given) - must
    if twice:
        raise Failure("each page once", f"twice: {frames.named(twice)}", "do runs overlap?", where)
    if wrong:
        said = f"{frames.named(wrong)}: {lies(boot, min(wrong))}"
        raise Failure("only free pages", said, "a run ends before the first reserved page", where)
    if missing:
        own = "its own pages are free too, once nobody needs them" if missing & boot.own else ""
        hint = own or "is the last run left out, or the last page of each?"
        raise Failure("every free page", f"missing: {frames.named(missing)}", hint, where)


def closed(m):
    """Each function panics by invariant 45; the figures remain."""
    boot = Boot(m)
    handed_over(boot)
    hint = "each of them looks first whether the allocator is still open"
    calls = {
        "bootmem_try_alloc": (PAGE_SIZE, PAGE_SIZE, U64(0)),
        "bootmem_alloc": (PAGE_SIZE, PAGE_SIZE, U64(0)),
        "bootmem_alloc_page": (),
        "bootmem_reserve": (U64(0x500000), U64(PAGE_SIZE)),
        "bootmem_free": (U64(0x500000), U64(PAGE_SIZE)),
        "bootmem_page_is_free": (0x500,),
        "bootmem_handover": (m.symbol("zone_add_pages"),),
    }
    for name, arguments in calls.items():
        boot.expect_panic(f"{name} after the hand-over", 45, hint, name, *arguments)
    expect_figure(boot, "pages", boot.low_end)


def expect_figure(boot, name, must, hint="", where="bootmem_stats"):
    said = boot.figure(name)
    if said != must:
        raise Failure(f"bootmem_stats: {name} is {must}", said, hint, (where,))


def figures(m):
    """At the beginning, and after requests of all kinds."""
    boot = Boot(m)
    expect_figures(boot, 0, 0)
    requests = ((100, 4), (200, 4), (PAGE_SIZE, PAGE_SIZE), (8, 8), (8, 8), (5000, 1), (5, 1))
    merged = 0
    for size, align in requests:
        merged += boot.alloc(size, align) % PAGE_SIZE != 0
    expect_figures(boot, len(requests), merged)
    boot.try_alloc(64 << 20, 1)
    start = boot.alloc(4 * PAGE_SIZE, PAGE_SIZE)
    boot.free(start + 10, 2 * PAGE_SIZE)
    boot.reserve(boot.hole(1) * PAGE_SIZE + 5, 5)
    expect_figures(boot, len(requests) + 1, merged)


def expect_figures(boot, allocations, merged):
    free = len(boot.model.free)
    hint = "count where the pages change, and only those that do"
    expect_figure(boot, "pages", boot.low_end, "low memory ends at max_low_pfn")
    expect_figure(boot, "free", free, hint, "bootmem_init")
    expect_figure(boot, "reserved", boot.low_end - free, hint, "bootmem_init")
    expect_figure(boot, "allocations", allocations, "a request that gets NULL is not served")
    expect_figure(boot, "merged", merged, "those that begin in the middle of a page")


def at_random(m):
    """The same sequence each time; every request is judged by the model."""
    boot, chance, held = Boot(m), random.Random(SEED), []
    for number in range(200):
        hint = f"request {number} of a random sequence: the tests before this one are simpler"
        step(boot, chance, held, hint)
    runs, _ = handed_over(boot)
    expect_handed(boot, [pfn for start, end in runs for pfn in range(start, end)])


def step(boot, chance, held, hint):
    kind = chance.random()
    if kind < 0.65 or not held:
        held_by_request(boot, chance, held, hint)
    elif kind < 0.9:
        start, size = held.pop(chance.randrange(len(held)))
        boot.free(start, size)
    else:
        pfn = chance.choice(sorted(boot.model.free))
        boot.reserve(pfn * PAGE_SIZE + chance.randrange(PAGE_SIZE), 1)


def held_by_request(boot, chance, held, hint):
    """Only requests of whole pages are given back: others share theirs."""
    if chance.random() < 0.5:
        boot.alloc(chance.randrange(1, 6000), 1 << chance.randrange(8), hint=hint)
        return
    size = chance.randrange(1, 20) * PAGE_SIZE
    goal = chance.choice((0, 0, chance.randrange(boot.low_end) * PAGE_SIZE))
    start = boot.alloc(size, PAGE_SIZE << chance.choice((0, 0, 1, 4)), goal, hint)
    if start is not None:
        held.append((start, size))
