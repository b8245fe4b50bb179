"""Lab 10's pool under measurement: what each call costs, and whether it is right meanwhile.

A slot may be handed out to another page if it had no entry when every TLB was flushed, after its
last page.  The host looks at the tables whenever there is a flush, so it knows which slots these
are.
"""

from contextlib import contextmanager
from pathlib import Path

from grader.judge import scenarios_of
from grader.lab import read_lab
from grader.verdict import Failure

HERE = Path(__file__).resolve().parent
LAB = read_lab(HERE)
BEFORE = read_lab(HERE.parent / str(LAB.continues))
lab6 = scenarios_of(HERE.parent / str(LAB.continues))
pool = lab6.pool

FLUSH = "tlb_flush_past"
AFTER_FLUSH = (
    "a slot changes its page so: clear the entry, take a stamp, flush past it, then hand it out"
)


class Bench(pool.Pool):
    """costs: instructions of each kmap and kunmap."""

    def __init__(self, m):
        super().__init__(m)
        self.costs = []
        before = self.flush_count()
        m.call("local_flush_tlb_all")
        self.one_flush = self.flush_count() - before

    @contextmanager
    def measured(self):
        """What was done before does not count."""
        self.costs.clear()
        self.begun = self.flushed = self.flush_count()
        self.stale = self.entries()  # slot: page that a TLB may still have for it
        self.asked = None  # the same when the last flush was asked for
        self.new = 0  # slots that were handed out
        with self.m.watch(FLUSH, self.flush_begins):
            yield self

    def flush_begins(self, *_):
        self.asked = self.entries()

    def flush_count(self):
        """Grows by the same number with each flush of a TLB."""
        counts = self.flushes()
        return counts.full + counts.partial + counts.elided

    def flushes_made(self):
        return (self.flush_count() - self.begun) // self.one_flush

    # By calls that are not measured.

    def use_up(self, frames):
        """Each has had a slot, and nobody uses it."""
        for part in pool.parts(frames):
            self.many(pool.KMAP_MANY, part)
            self.many(pool.KUNMAP_MANY, part)

    # What is measured.

    def counted(self, call, pfn):
        before = self.m.executed
        value = call(pfn)
        self.costs.append(self.m.executed - before)
        return value

    def map(self, pfn):
        """Measured, and judged: the page is there, and no TLB can lead elsewhere."""
        place = self.counted(self.kmap, pfn)
        if self.asked is not None and self.flush_count() != self.flushed:
            self.has_flushed(self.asked)
        self.asked, slot = None, self.slot(place)
        self.expect_clean(slot, pfn)
        self.stale[slot] = pfn
        self.expect_reached(pfn)
        return place

    def unmap(self, pfn):
        self.counted(self.kunmap, pfn)

    def touch(self, pfn):
        place = self.map(pfn)
        self.unmap(pfn)
        return place

    def has_flushed(self, entries):
        """entries: what the tables held when the flush began."""
        self.flushed, self.stale = self.flush_count(), dict(entries)

    def expect_read(self, pfn, word, cpu):
        if word != pool.MARK | pfn:
            raise Failure(
                f"CPU {cpu} reads frame {pfn:#x} where it is mapped",
                f"it reads frame {word & ~pool.MARK:#x}: it has an old translation",
                AFTER_FLUSH,
                ("turn.c",),
            )

    def expect_clean(self, slot, pfn):
        other = self.stale.get(slot, pfn)
        self.new += self.stale.get(slot) != pfn
        if other != pfn:
            raise Failure(
                f"slot {slot} had no entry when the TLB was flushed last, or still is frame {other:#x}'s",
                f"it leads to frame {pfn:#x}",
                AFTER_FLUSH,
                ("turn.c",),
            )

    def expect_few_flushes(self, apart):
        """A flush serves many slots."""
        made = self.flushes_made()
        if made * apart > self.new:
            raise Failure(
                f"for {self.new} slots that were handed out at most {self.new // apart} flushes",
                f"{made} flushes",
                f"one flush serves many slots, {apart} at least",
                ("turn.c",),
            )
