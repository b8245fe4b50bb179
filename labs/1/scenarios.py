"""Lab 1: the boot memory allocator, judged from outside (boot.py says how)."""

import re
from collections import Counter
from random import Random

from grader.machine import PAGE_SIZE, U64, Return, frames
from grader.verdict import Failure, expecting

from .boot import (
    DIRT,
    EACH_PAGE,
    LARGE_LOW,
    NEVER_FREE,
    TRY_ALLOC,
    Boot,
    asked,
    at,
    lies,
    pages_over,
)

INIT = ("bootmem_init",)
LARGE = 64 * PAGE_SIZE
SHARED = (
    "the rest of the page where the last one ended is a place too, also for a request that ends on"
    " the free pages behind it"
)
BEYOND = 1 << 32  # bytes: behind them an address has more than 32 bits


def busy(m):
    """What is free behind bootmem_init(): shown by a hand-over at once.  Low memory is large, and
    most of it a hole.
    """
    boot = Boot(m, LARGE_LOW)
    may, runs = boot.ram - boot.mem_map, []

    def give(start, end, _):
        expect_free_ram(boot, set(range(start, end)) - may)
        runs.append((start, end))
        return Return()

    with expecting("bootmem_handover returns", NEVER_FREE, INIT):
        handed_over(boot, give)
    given = Counter(pfn for start, end in runs for pfn in range(start, end))
    twice = {pfn for pfn in boot.own if given[pfn] > 1}
    if twice:
        said = f"{frames.named(twice)} is free, and the allocator has written there"
        raise Failure("the allocator's own pages are not free", said, NEVER_FREE, INIT)
    expect_own_written(boot, boot.written & given.keys())
    missing = boot.model.free - given.keys()
    if missing:
        hint = "which pieces of the map are RAM, and where does each end?"
        said = f"not free: {frames.named(missing)}"
        raise Failure("all RAM is free in which nothing lies", said, hint, INIT)


def expect_free_ram(boot, wrong):
    """wrong: frames that are free by the student's word, and cannot be."""
    if wrong:
        said = f"{frames.named(wrong)} is {lies(boot, min(wrong))}"
        hint = NEVER_FREE if min(wrong) < max(boot.ram) else EACH_PAGE
        raise Failure("only free RAM is free", said, hint, INIT)


def expect_own_written(boot, written):
    """Of the pages that were given away the allocator has written to its own alone."""
    own = boot.figure("bitmap_pages")
    if len(written) > own:
        hint = "free pages are not written to: keep what you know in variables, or in pages of your own"
        expected = f"bootmem_init writes to its own pages alone: bitmap_pages is {own}"
        raise Failure(expected, f"it has written to {frames.named(written)}", hint, INIT)


def zeroed(m):
    """Fresh memory, the rest of a page, memory that was used, filled and freed."""
    boot = Boot(m)
    for size in (1, 100, 5000, 3 * PAGE_SIZE + 1, 40):
        expect_zero(m, boot.take(size), size)
    start = boot.take(4 * PAGE_SIZE, PAGE_SIZE)
    expect_zero(m, start, 4 * PAGE_SIZE)
    boot.free(start, 4 * PAGE_SIZE)
    expect_zero(m, boot.take(4 * PAGE_SIZE, PAGE_SIZE), 4 * PAGE_SIZE)


def expect_zero(m, start, size):
    """Afterwards it is dirty, as memory is that was used."""
    data = m.bytes_at(start, size)
    wrong = next((i for i, byte in enumerate(data) if byte), None)
    if wrong is not None:
        raise Failure(
            f"{size:#x} bytes that are 0",
            f"{at(start)}: byte {wrong:#x} is {data[wrong]:#x}",
            "memory is zero whatever was in the frame before: who zeroes it, and how much of it?",
            TRY_ALLOC,
        )
    m.ram[start : start + size] = bytes([DIRT]) * size


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
            f"an alignment of {align:#x} gives a multiple of {align:#x}",
            at(start),
            "an alignment, also one larger than a page, is that of the address itself",
            TRY_ALLOC,
        )


def expect_own(boot, taken, start, size):
    """In memory that was free, and shared with no earlier request."""
    outside = set(pages_over(start, size)) - boot.model.free
    if outside:
        raise Failure(
            f"{size:#x} bytes of free RAM",
            f"{at(start)}: page {frames.named(outside)} is {lies(boot, min(outside))}",
            NEVER_FREE,
            ("bootmem_init", "bootmem_try_alloc"),
        )
    for other, length in taken.items():
        if start < other + length and other < start + size:
            raise Failure(
                f"no two allocations overlap: {other:#x} has {length:#x} bytes",
                f"{at(start)} with {size:#x} bytes",
                "where does the last allocation end, and is its page marked?",
                TRY_ALLOC,
            )
    taken[start] = size


LOWEST = "the lowest address at or above the goal, never one below the goal"


def lowest_at_goal(m):
    """Holes of several sizes: the first that is large enough is taken, wherever the last request
    was served.
    """
    boot = Boot(m)
    base = boot.alloc(32 * PAGE_SIZE, PAGE_SIZE, hint=LOWEST)
    for first, pages in ((2, 1), (5, 3), (12, 2), (20, 5)):
        boot.free(base + first * PAGE_SIZE, pages * PAGE_SIZE)
    for pages in (2, 4, 1, 1, 2, 1, 6, 1):
        boot.alloc(pages * PAGE_SIZE, PAGE_SIZE, hint=LOWEST)
    boot.alloc(LARGE, 4 * PAGE_SIZE, hint="an aligned request may not end on a reserved page")
    boot.free(base, PAGE_SIZE)
    boot.alloc(PAGE_SIZE, hint=LOWEST)
    expect_goals(boot, boot.base // PAGE_SIZE + 200)


def expect_goals(boot, high):
    """Inside free memory, where only a part of the request would fit, and inside a page."""
    for pages in (0, 3, 3, 1):
        boot.alloc(2 * PAGE_SIZE, PAGE_SIZE, (high + pages) * PAGE_SIZE, LOWEST)
    boot.alloc(100, 4, (high + 40) * PAGE_SIZE, LOWEST)
    boot.alloc(100, 4, (high + 50) * PAGE_SIZE, "the shared page may lie below the goal: " + LOWEST)
    page = (high + 60) * PAGE_SIZE
    expect_one_of(boot, 100, page + 52, (page + 52, page + PAGE_SIZE), LOWEST)


def expect_one_of(boot, size, goal, places, hint):
    """A goal inside a free page: the request may lie on the rest of it, or on the next page."""
    got = boot.try_alloc(size, 4, goal, hint)
    if got not in places:
        said = " or ".join(map(at, places))
        raise Failure(f"{asked(size, 4, goal)} returns {said}", at(got), hint, TRY_ALLOC)


def goal_given_up(m):
    """Nothing is free above the goal, or not enough of it."""
    boot = Boot(m)
    hint = "nothing fits at or above the goal: then the lowest of all"
    boot.alloc(PAGE_SIZE, PAGE_SIZE, 0, "a goal of 0: the lowest of all")
    boot.free_mem_map()
    top = (boot.low_end - 3) * PAGE_SIZE
    boot.alloc(4 * PAGE_SIZE, PAGE_SIZE, top, hint)
    boot.alloc(3 * PAGE_SIZE, PAGE_SIZE, top, "the last page of low memory counts too")
    boot.alloc(PAGE_SIZE, PAGE_SIZE, boot.low_end * PAGE_SIZE, hint)
    goal = BEYOND + boot.base + LARGE
    boot.alloc(PAGE_SIZE, PAGE_SIZE, goal, "a goal has 64 bits: " + hint)


def small_share(m):
    """Small requests in a row lie behind one another; a page that was freed is not shared."""
    boot, hint = Boot(m), SHARED
    for size, align in ((10, 1), (20, 4), (1, 1), (100, 64), (7, 1), (4000, 8), (50, 2)):
        boot.alloc(size, align, hint=hint)
    for size in (PAGE_SIZE, 16, PAGE_SIZE - 16, 16, 3 * PAGE_SIZE, 8):
        boot.alloc(size, 8, hint=hint)
    boot.alloc(2 * PAGE_SIZE, PAGE_SIZE, hint="a reserved page is not free")
    expect_freed_page_is_not_shared(boot)


def expect_freed_page_is_not_shared(boot):
    """The goal lies inside the free page, before the end of the request that is gone."""
    page = boot.take(100, PAGE_SIZE, boot.hole(2) * PAGE_SIZE)
    boot.free(page, PAGE_SIZE)
    hint = "the page where the last request ended has been freed: nobody may go on there"
    expect_one_of(boot, 60, page + 52, (page + 52, page + PAGE_SIZE), hint)


def reserve_outward(m):
    """One byte reserves its page.  A range that touches two pages reserves both."""
    boot = Boot(m)
    base = boot.hole(8)
    hint = "one byte reserves its page: round the start down and the end up"
    for start, size in ((0x010, 1), (0x2FFF, 2), (0x5000, PAGE_SIZE), (0x7001, 2 * PAGE_SIZE)):
        start += base * PAGE_SIZE
        boot.reserve(start, size)
        what = f"after bootmem_reserve({start:#x}, {size:#x})"
        boot.expect_free(pages_over(start, size), what, hint, "bootmem_reserve")
    hint = "who reserves a range need not know what of it is RAM"
    boot.reserve(0xA0000, 0x60000, hint)
    boot.reserve(boot.low_end * PAGE_SIZE, 4 * PAGE_SIZE, hint)
    expect_low_untouched(boot, base + 4)
    expect_untouched(boot, base * PAGE_SIZE)


def expect_low_untouched(boot, pfn):
    """The page whose address has the same lower 32 bits as that of a range which is reserved."""
    start = BEYOND + pfn * PAGE_SIZE
    hint = "an address has 64 bits: a range behind low memory is none in it"
    boot.reserve(start, PAGE_SIZE, hint)
    what = f"after bootmem_reserve({start:#x}, {PAGE_SIZE:#x})"
    boot.expect_free(range(pfn, pfn + 1), what, hint, "bootmem_reserve")


def expect_untouched(boot, goal):
    got = boot.try_alloc(PAGE_SIZE, PAGE_SIZE, goal)
    if got is None or got // PAGE_SIZE not in boot.model.free:
        raise Failure("memory that is not reserved", at(got), "is the bit set?", TRY_ALLOC)


def free_inward(m):
    """Only whole pages; a range that has none changes nothing."""
    boot = Boot(m)
    base = boot.take(16 * PAGE_SIZE, PAGE_SIZE)
    hint = "a page becomes free if all of it lies in the range: round the start up, the end down"
    ranges = ((1, 2 * PAGE_SIZE), (0x3000, PAGE_SIZE), (0x4800, 0x600), (0x5FFF, PAGE_SIZE + 2))
    for offset, size in ranges + ((0x8001, PAGE_SIZE - 1), (0xA000, 0)):
        boot.free(base + offset, size)
        what = f"after bootmem_free({base + offset:#x}, {size:#x})"
        pages = pages_over(base + offset, max(size, 1))
        boot.expect_free(pages, what, hint, "bootmem_free")
    expect_untouched(boot, base)


def double_free(m):
    """Freed twice, never allocated, no RAM, reserved twice: each is a panic by invariant 43."""
    boot = Boot(m)
    base = boot.take(4 * PAGE_SIZE, PAGE_SIZE)
    boot.free(base + PAGE_SIZE, PAGE_SIZE)
    name, hint = (
        "bootmem_free",
        "invariant 43: look at each page of the range before the first is changed",
    )
    wrong = {
        "a page that is free already": (base + PAGE_SIZE, PAGE_SIZE),
        "a range with a free page in it": (base, 4 * PAGE_SIZE),
        "a hole of the PC (0xA0000)": (0xA0000, PAGE_SIZE),
        "high memory": (boot.low_end * PAGE_SIZE, PAGE_SIZE),
        "memory above 4 GiB": (BEYOND + base, PAGE_SIZE),
    }
    for what, (start, size) in wrong.items():
        boot.expect_panic(f"{what} is freed", 43, hint, name, U64(start), U64(size))
    name, hint = "bootmem_reserve", "invariant 43: RAM that is reserved already belongs to somebody"
    for what, start in {"of an allocation": base, "of the kernel": min(boot.kernel) << 12}.items():
        arguments = U64(start), U64(PAGE_SIZE)
        boot.expect_panic(f"a page {what} is reserved again", 43, hint, name, *arguments)
    expect_neighbours_are_not_looked_at(boot, base)


def expect_neighbours_are_not_looked_at(boot, base):
    """What is free beside a range that is freed, and reserved beside one that is reserved."""
    hint = "a range ends before its end: the page behind it is somebody else's matter"
    with expecting("a page before a free one is freed", hint, ("bootmem_free",)):
        boot.free(base, PAGE_SIZE)
    with expecting("a page before a reserved one is reserved", hint, ("bootmem_reserve",)):
        boot.reserve(base + PAGE_SIZE, PAGE_SIZE)


def no_room(m):
    """bootmem_alloc() and bootmem_alloc_page() give the same memory.  Of more than there is:
    NULL, or a panic that names what was asked for and what is free.
    """
    boot = Boot(m)
    expect_same_memory(boot)
    hint = "does the end of the request lie behind the end of memory, or is the sum cut to 32 bits?"
    boot.free_mem_map()
    first, end = boot.longest_run()
    longest = (end - first) * PAGE_SIZE
    for size in (longest + 1, 64 << 20, 0xFFFFF001):
        expect_null(boot, size, hint)
    boot.alloc(longest, PAGE_SIZE, hint="the longest run fits to the last byte")
    free = len(boot.model.free) * PAGE_SIZE
    size = longest + PAGE_SIZE
    expect_told(m, size, free, "bootmem_alloc", size, 4, U64(0))
    for start, end in frames.runs(boot.model.free):
        boot.reserve(start * PAGE_SIZE, (end - start) * PAGE_SIZE)
    expect_told(m, PAGE_SIZE, 0, "bootmem_alloc_page")


def expect_same_memory(boot):
    """As bootmem_try_alloc() would: lowest at the goal, in a row on one page, zeroed."""
    hint = "bootmem_alloc is bootmem_try_alloc that never returns NULL: the same memory"
    goal = boot.base + LARGE
    requests = (
        (100, 4, goal),
        (200, 8, goal),
        (3 * PAGE_SIZE, PAGE_SIZE, 0),
        (1, 1, BEYOND + goal),
    )
    for size, align, lowest in requests:
        boot.alloc(size, align, lowest, hint, by="bootmem_alloc")
    for _ in range(2):
        start = boot.alloc_page("bootmem_alloc_page gives one page, the lowest that is free")
        expect_zero(boot.m, start, PAGE_SIZE)


def expect_told(m, size, free, name, *arguments):
    """In which unit is the author's choice."""
    panic = m.panics(name, *arguments)
    told = panic and all(is_named(amount, panic.message) for amount in (size, free))
    if not told:
        raise Failure(
            f"{name} without room panics, and names {size:#x} bytes and {free:#x} free ones",
            panic or "it returned",
            "a boot that ends must say why: size and what is free, such as in KiB",
            (name,),
        )


def is_named(amount, message):
    numbers = re.findall(r"0x[0-9a-f]+|\d+", message)
    units = {str(amount >> shift) for shift in (0, 10, 12)}
    return bool(units.intersection(numbers) or {hex(amount)}.intersection(numbers))


def expect_null(boot, size, hint):
    got = boot.try_alloc(size, 1, 0, hint)
    if got is not None:
        raise Failure(f"{asked(size, 1, 0)} returns NULL", at(got), hint, TRY_ALLOC)


# The balance of the hand-over, or the call that would spoil it is refused.
BALANCED = (43, 44, 45)


def handed_over(boot, give):
    """give() gets what bootmem_handover() gives to its function; returns what it returns."""
    with boot.m.watch("zone_add_pages", give):
        return boot.m.call("bootmem_handover", boot.m.symbol("zone_add_pages"))


def recorder(runs):
    def give(start, end, _):
        runs.append((start, end))
        return Return()

    return give


def handover(m):
    """After some allocations: free pages and the allocator's own, each once, and how many."""
    boot = Boot(m)
    lowest = boot.take(PAGE_SIZE, PAGE_SIZE, 0)
    for size, align in ((100, 4), (3 * PAGE_SIZE, PAGE_SIZE), (LARGE, 1 << 20)):
        boot.take(size, align)
    hole = boot.take(PAGE_SIZE, PAGE_SIZE)
    boot.take(PAGE_SIZE, PAGE_SIZE)
    boot.free(hole, PAGE_SIZE)
    boot.free_mem_map()
    runs, before = [], m.ram[:]
    with expecting("bootmem_handover returns", "", ("bootmem_handover",)):
        returned = handed_over(boot, few(boot, runs))
    expect_handed(boot, runs)
    total = sum(end - start for start, end in runs)
    if not returned == boot.figure("handed_over") == total:
        raise Failure(
            f"bootmem_handover returns {total:#x} pages, and bootmem_stats says so",
            f"{returned:#x} returned, {boot.figure('handed_over'):#x} in handed_over",
            "the allocator's own pages count too",
            ("bootmem_handover",),
        )
    m.ram[:] = before
    expect_balance(boot, lowest // PAGE_SIZE)


def expect_balance(boot, pfn):
    """A page becomes free while the others are given away, behind them: either it is given too, or
    there is a panic, since otherwise it is lost.
    """
    runs, freed = [], []

    def give(start, end, _):
        if not freed:
            freed.append(pfn)
            boot.m.call("bootmem_free", U64(pfn * PAGE_SIZE), U64(PAGE_SIZE))
        return recorder(runs)(start, end, _)

    with boot.m.watch("zone_add_pages", give):
        panic = boot.m.panics("bootmem_handover", boot.m.symbol("zone_add_pages"))
    given = sum(start <= pfn < end for start, end in runs)
    if panic.invariant not in BALANCED if panic else given != 1:
        raise Failure(
            f"page {pfn:#x}, freed while others are given away, is given, or a panic by 44",
            panic or f"it returned, and has given that page {given} times",
            "invariant 44: at the end, are as many pages given as were free, and one's own?",
            ("bootmem_handover",),
        )


def expect_handed(boot, runs):
    must, where = boot.model.free | boot.own, ("bootmem_handover",)
    count = Counter(pfn for start, end in runs for pfn in range(start, end))
    twice = {pfn for pfn in count if count[pfn] > 1}
    missing, wrong = must - count.keys(), count.keys() - must
    if twice:
        raise Failure(
            "each page once",
            f"twice: {frames.named(twice)}",
            "exactly once: where does each run end, and where does the next begin?",
            where,
        )
    if wrong:
        said = f"{frames.named(wrong)}: {lies(boot, min(wrong))}"
        hint = "a run ends before the first reserved page; " + NEVER_FREE
        raise Failure("only free pages", said, hint, where)
    if missing:
        own = "its own pages are free too, once nobody needs them" if missing & boot.own else ""
        hint = own or "every page exactly once: is the last run left out, or the last page of each?"
        raise Failure("every free page", f"missing: {frames.named(missing)}", hint, where)


def few(boot, runs):
    """A recorder for as many as there are runs of free pages, and of the allocator's own."""
    most = len(frames.runs(boot.model.free)) + len(frames.runs(boot.own))

    def give(start, end, _):
        if len(runs) == most:
            hint = "in runs: one ends where a reserved page or the end of low memory comes"
            said = f"one more, {frames.named(range(start, end))}"
            raise Failure(f"{most} runs at most are given", said, hint, ("bootmem_handover",))
        return recorder(runs)(start, end, _)

    return give


def closed(m):
    """Each function panics by invariant 45; the figures remain."""
    boot = Boot(m)
    handed_over(boot, recorder([]))
    hint = "invariant 45: each of them looks first whether the allocator is still open"
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
    expect_none_free_behind(boot)
    requests = ((100, 4), (200, 4), (PAGE_SIZE, PAGE_SIZE), (8, 8), (8, 8), (5000, 1), (5, 1))
    merged = 0
    for size, align in requests:
        merged += boot.take(size, align) % PAGE_SIZE != 0
    expect_figures(boot, len(requests), merged)
    boot.try_alloc(64 << 20, 1)
    start = boot.take(4 * PAGE_SIZE, PAGE_SIZE)
    boot.free(start + PAGE_SIZE, 2 * PAGE_SIZE)
    boot.reserve(boot.hole(1) * PAGE_SIZE, PAGE_SIZE)
    expect_figures(boot, len(requests) + 1, merged)


def expect_none_free_behind(boot):
    """Far behind low memory as well: what stands where the bits of these pages would be?"""
    pages = [boot.low_end + (1 << shift) + i for shift in range(3, 20) for i in range(4)]
    free = [pfn for pfn in pages if boot.is_free(pfn)]
    if free:
        hint = "you know nothing of pages behind low memory, so none of them is free"
        expected = f"page {free[0]:#x}, behind low memory, is not free"
        raise Failure(expected, "it is free", hint, ("bootmem_page_is_free",))


def expect_figures(boot, allocations, merged):
    free = len(boot.model.free)
    hint = "count where the pages change, and only those that do"
    expect_figure(boot, "pages", boot.low_end, "low memory ends at max_low_pfn")
    expect_figure(boot, "free", free, hint, "bootmem_init")
    expect_figure(boot, "reserved", boot.low_end - free, hint, "bootmem_init")
    expect_figure(boot, "allocations", allocations, "a request that gets NULL is not served")
    expect_figure(boot, "merged", merged, "those that begin in the middle of a page")
    expect_few_own(boot)


def expect_few_own(boot):
    said, most = boot.figure("bitmap_pages"), boot.low_end // 100
    if said > most:
        hint = "what do you keep of one page, and how many of these have room in a page?"
        expected = f"bootmem_stats: bitmap_pages is 1 % of low memory at most, {most} pages"
        raise Failure(expected, said, hint, INIT)


def random(m):
    """The same sequence each time; every request is judged by the model."""
    boot, chance, held = Boot(m), Random(m.seed), []
    for number in range(200):
        hint = f"request {number} of a random sequence: does it overlap another, or is there a lower one?"
        step(boot, chance, held, f"{hint} {SHARED}")


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
