"""Lab 10: the pool made better.  Judged is what a workload costs: guest instructions, flushes and
interrupts, as QEMU counts them.  Meanwhile each page is read by the guest's CPU, and lab 6's tests are
tried too: a fast pool that is wrong gets nothing for it.
"""

from grader.machine.cpus import Cpus
from grader.verdict import Failure, expecting

from .bench import BEFORE, LAB, Bench, lab6

BARS = {test.name: test.bars for test in LAB.tests if test.bars}
FREE, FEW = 64, 16  # slots that others leave
AROUND = 1100  # maps that go round the whole pool
APART = 24  # new slots for each flush, at least
TURN = ("turn.c",)
# The machine with four CPUs, all of which have started.
FOUR = {"smp": 4, "append": f"{LAB.append} until=7"}
STARTED = "report_cpus"


def graded(name, figure, unit, hint, where=TURN):
    """The figure, if it is good enough; half of the points for half of the way."""
    half, full = BARS[name]
    if figure <= full:
        return f"{figure} {unit}"
    raise Failure(
        f"at most {half} {unit} for half of the points, at most {full} for all",
        f"{figure}",
        hint,
        where,
        share=0.5 if figure <= half else 0,
    )


def slowest(m):
    """Every slot has been used, and nobody uses any: who comes next?"""
    bench = Bench(m)
    fresh = bench.frames[bench.slots :]
    bench.use_up(bench.frames[: bench.slots])
    with bench.measured():
        for pfn in fresh[:AROUND]:
            bench.touch(pfn)
    bench.expect_few_flushes(APART)
    return graded(
        "slowest",
        max(bench.costs),
        f"instructions for the slowest of {AROUND} kmaps and kunmaps",
        "one call takes back the whole pool: let each pay for a part",
    )


def nearly_full(m):
    bench = Bench(m)
    held = bench.slots - FEW
    bench.hold(bench.frames[:held])
    with bench.measured():
        for pfn in bench.frames[held : held + 20 * FEW]:
            bench.touch(pfn)
    bench.expect_few_flushes(FEW // 2)
    return graded(
        "nearly_full",
        2 * sum(bench.costs) // len(bench.costs),
        "instructions for a kmap and its kunmap, on the average",
        "the search looks at slots that are in use: know the free ones, and the unused ones",
    )


def working_set(m):
    """Pages that are wanted again in each round, and others that come once."""
    bench = Bench(m)
    held = bench.slots - 4 * FREE
    bench.hold(bench.frames[:held])
    wanted, once = bench.frames[held : held + FREE], bench.frames[held + FREE :]
    bench.use_up(once[: 4 * FREE])
    place = {pfn: bench.kmap(pfn) for pfn in wanted}
    for pfn in wanted:
        bench.kunmap(pfn)
    others, lost = iter(once[4 * FREE :]), 0
    with bench.measured():
        for _ in range(10):
            for i, pfn in enumerate(wanted):
                before, place[pfn] = place[pfn], bench.touch(pfn)
                lost += before != place[pfn]
                if i % 2:
                    bench.touch(next(others))
    bench.expect_few_flushes(APART)
    return graded(
        "working_set",
        lost,
        f"of {10 * len(wanted)} maps of the same {len(wanted)} pages found another slot",
        "take back first what has been unused for the longest time, and not all at once",
    )


def interrupts(m):
    """CPUs flush for reasons of their own, as with a change of the address space."""
    with m.again(**FOUR) as four:
        four.run_to(STARTED)
        cpus = Cpus(four)
        bench = Bench(four)
        held = bench.slots - 2 * FREE
        bench.hold(bench.frames[:held])
        with bench.measured(), cpus.interrupts(four.layout["VECTOR_CALL"]) as sent:
            for i, pfn in enumerate(bench.frames[held : held + 8 * FREE]):
                if i % (FREE // 2) == 0:
                    flush_everywhere(cpus, bench)
                place = bench.map(pfn)
                bench.expect_read(pfn, cpus.load(i % cpus.count, place), i % cpus.count)
                bench.unmap(pfn)
    return graded(
        "interrupts",
        len(sent),
        f"interrupts for {8 * FREE} kmaps, while each CPU flushes once in {FREE // 2} anyway",
        "clear entries and take the stamp long before the slots are wanted: until then every CPU "
        "may have flushed",
    )


def flush_everywhere(cpus, bench):
    before = bench.entries()
    for cpu in range(cpus.count):
        cpus.call(cpu, "local_flush_tlb_all", alone=True)
    bench.has_flushed(before)


def still_right(m):
    """Worth something together with a gain alone."""
    if not any(is_better(m, name) for name in BARS):
        raise Failure(
            "a pool that earns points in one of " + ", ".join(BARS),
            "it is not better than the one that you began with",
            "begin with one of these figures: what does the call do that costs so much?",
            TURN,
        )
    for test in BEFORE.tests:
        try_again(m, test)


def is_better(m, name):
    with m.again() as fresh:
        fresh.run_to(LAB.stop)
        try:
            globals()[name](fresh)
        except Failure as failure:
            return failure.share > 0
    return True


def try_again(m, test):
    """A test of lab 6, on a machine as it has there."""
    append = f"{BEFORE.append} {test.append} until={BEFORE.until}"
    with m.again(append=append, smp=BEFORE.smp) as fresh:
        with expecting(f"lab {BEFORE.number}, {test.name}: {test.title}", test.invariant):
            fresh.run_to(test.stop or BEFORE.stop)
            try:
                getattr(lab6, test.name)(fresh)
            except Failure as failure:
                failure.expected = f"lab {BEFORE.number}, {test.name}: {failure.expected}"
                raise
